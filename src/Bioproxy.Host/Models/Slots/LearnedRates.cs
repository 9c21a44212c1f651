using System.Runtime.CompilerServices;

namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// Learns a backend's rates from the timings of its answers. Each figure is a moving average in which the newest measurement counts a
/// quarter; the first one replaces the assumption. Small measurements say more about overhead than about the rate and are left out.
/// </summary>
/// <param name="others">What other backends have measured, which is assumed until this one has.</param>
internal sealed class LearnedRates(RatesByModel? others = null)
{
    private const double NewestCounts = 0.25;
    private const int LeastTokens = 64;

    /// <summary>Relative differences below this are ignored.</summary>
    private const double Noticeable = 0.01;

    private readonly Lock _lock = new();
    private readonly HashSet<RateFigure> _seen = [];
    private volatile StrongBox<Rates> _rates = new(Rates.Initial); // replaced, never changed: read at every request
    private volatile string? _identity;
    private volatile int _adopted; // the changes of the others until then

    public Rates Now
    {
        get
        {
            if (others is not null && others.Changes != _adopted)
                Adopt(others);
            return _rates.Value;
        }
    }

    /// <summary>The fingerprint of the model that they are of; null before one was recognised.</summary>
    public string? Identity => _identity;

    /// <summary>Whether this figure was measured on this backend, and is not assumed.</summary>
    public bool IsMeasured(RateFigure figure)
    {
        lock (_lock)
            return _seen.Contains(figure);
    }

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
            _adopted = 0;
        }
    }

    /// <param name="computed">Prompt tokens computed.</param>
    /// <param name="seconds">The time that took; 0 when it was not reported.</param>
    public void Prefilled(int computed, double seconds)
    {
        if (computed >= LeastTokens && seconds > 0)
            Learn(RateFigure.Prefill, computed / seconds);
    }

    /// <param name="tokens">The number of tokens the prompt turned out to have.</param>
    /// <param name="bytes">Its canonical text.</param>
    public void Tokenised(int tokens, int bytes)
    {
        if (tokens >= LeastTokens && bytes > 0)
            Learn(RateFigure.TokensPerByte, tokens / (double)bytes);
    }

    public void Restored(long bytes, double seconds)
    {
        if (bytes > 0 && seconds > 0)
            Learn(RateFigure.Restore, bytes / seconds);
    }

    public void Saved(int tokens, long bytes, double seconds)
    {
        if (bytes <= 0 || tokens <= 0 || seconds <= 0)
            return;
        Learn(RateFigure.Save, bytes / seconds);
        Learn(RateFigure.BytesPerToken, bytes / (double)tokens);
    }

    /// <param name="expected">Tokens of the shared prefix of a state that had to be rolled back.</param>
    /// <param name="reused">Tokens the backend reused.</param>
    public void RolledBack(int expected, int reused)
    {
        if (expected >= LeastTokens)
            Learn(RateFigure.RollBack, Math.Clamp(reused / (double)expected, 0, 1));
    }

    private void Learn(RateFigure figure, double value)
    {
        string? identity;
        lock (_lock)
        {
            var known = figure.Get(_rates.Value);
            if (!_seen.Add(figure))
            {
                if (Math.Abs(value - known) <= known * Noticeable)
                    return;
                value = known + ((value - known) * NewestCounts);
            }

            _rates = new(figure.Set(_rates.Value, value));
            identity = _identity;
        }

        if (identity is not null)
            others?.Tell(identity, figure, value);
    }

    /// <summary>Takes over what others have measured with this model and this backend has not.</summary>
    private void Adopt(RatesByModel measured)
    {
        lock (_lock)
        {
            _adopted = measured.Changes; // before they are read: a change meanwhile is adopted next time
            if (_identity is not { } identity)
                return;
            var rates = _rates.Value;
            foreach (var figure in RateFigure.All)
            {
                if (!_seen.Contains(figure) && measured.Of(identity, figure) is { } value)
                    rates = figure.Set(rates, value);
            }

            _rates = new(rates);
        }
    }
}
