using System.Runtime.CompilerServices;

namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// Learns a backend's rates from the timings of its answers. Each figure is a moving average in which the newest measurement counts a
/// quarter; the first one replaces the assumption. Small measurements say more about overhead than about the rate and are left out.
/// </summary>
internal sealed class LearnedRates
{
    private const double NewestCounts = 0.25;
    private const int LeastTokens = 64;

    /// <summary>Relative differences below this are ignored.</summary>
    private const double Noticeable = 0.01;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _seen = [];
    private volatile StrongBox<Rates> _rates = new(Rates.Initial); // replaced, never changed: read at every request
    private volatile string? _identity;

    public Rates Now => _rates.Value;

    /// <summary>The fingerprint of the model that they are of; null before one was recognised.</summary>
    public string? Identity => _identity;

    /// <summary>Starts over when the model is a different one.</summary>
    public void Begin(string identity)
    {
        lock (_lock)
        {
            if (_identity == identity)
                return;
            _identity = identity;
            _seen.Clear();
            _rates = new(Rates.Initial);
        }
    }

    /// <param name="computed">Prompt tokens computed.</param>
    /// <param name="seconds">The time that took; 0 when it was not reported.</param>
    public void Prefilled(int computed, double seconds)
    {
        if (computed >= LeastTokens && seconds > 0)
            Learn("prefill", computed / seconds, static r => r.Prefill, static (r, v) => r with { Prefill = v });
    }

    /// <param name="tokens">The number of tokens the prompt turned out to have.</param>
    /// <param name="bytes">Its canonical text.</param>
    public void Tokenised(int tokens, int bytes)
    {
        if (tokens >= LeastTokens && bytes > 0)
            Learn("tokens", tokens / (double)bytes, static r => r.TokensPerByte, static (r, v) => r with { TokensPerByte = v });
    }

    public void Restored(long bytes, double seconds)
    {
        if (bytes > 0 && seconds > 0)
            Learn("restore", bytes / seconds, static r => r.Restore, static (r, v) => r with { Restore = v });
    }

    public void Saved(int tokens, long bytes, double seconds)
    {
        if (bytes <= 0 || tokens <= 0 || seconds <= 0)
            return;
        Learn("save", bytes / seconds, static r => r.Save, static (r, v) => r with { Save = v, HasSaved = true });
        Learn("bytes", bytes / (double)tokens, static r => r.BytesPerToken, static (r, v) => r with { BytesPerToken = v });
    }

    /// <param name="expected">Tokens of the shared prefix of a state that had to be rolled back.</param>
    /// <param name="reused">Tokens the backend reused.</param>
    public void RolledBack(int expected, int reused)
    {
        if (expected >= LeastTokens)
        {
            var part = Math.Clamp(reused / (double)expected, 0, 1);
            Learn("roll back", part, static r => r.RollBack, static (r, v) => r with { RollBack = v });
        }
    }

    private void Learn(string name, double value, Func<Rates, double> get, Func<Rates, double, Rates> set)
    {
        lock (_lock)
        {
            var known = get(Now);
            if (_seen.Add(name))
                _rates = new(set(Now, value));
            else if (Math.Abs(value - known) > known * Noticeable)
                _rates = new(set(Now, known + ((value - known) * NewestCounts)));
        }
    }
}
