using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Preambles;

/// <summary>
/// Finds what conversations with one model begin with, by comparing each with those before it. A prompt that goes on from an earlier one is
/// the same conversation; of two that part, what both begin with is a preamble. Within bounds, in memory: after a restart of the proxy the
/// snapshots are still there, and the next two conversations show which of them are preambles in use.
/// </summary>
internal sealed class PreambleFinder(ProxyOptions options, LearnedRates rates)
{
    /// <summary>A preamble that is longer than another one by less than this is worth no snapshot of its own.</summary>
    private const double LeastExtension = 0.05;

    private readonly Lock _lock = new();
    private readonly Beginnings _beginnings = new();
    private readonly List<Preamble> _preambles = [];
    private long _uses;

    /// <summary>Called when a preamble was found, on the thread of the request that showed it.</summary>
    public Action? Found { get; set; }

    /// <summary>The preambles in use, the most used first.</summary>
    public IReadOnlyList<Preamble> All
    {
        get
        {
            lock (_lock)
                return [.. _preambles.OrderByDescending(static one => one.Uses).ThenByDescending(static one => one.LastUsed)];
        }
    }

    /// <summary>Looks at a prompt that was answered.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="endpoint">Its protocol.</param>
    /// <param name="body">Makes a copy of its body with the edits of plugins.</param>
    public void Observe(CanonicalPrompt prompt, Abstractions.PromptEndpoint endpoint, Func<byte[]> body)
    {
        // The body is copied and read only for a new one: a client's next conversation nearly always begins with a known preamble.
        if (Compare(prompt) is var shared and > 0 && PromptCut.At(prompt, shared, body(), endpoint) is { } cut)
            Add(cut, prompt.Domain);
    }

    /// <summary>Looks at a prompt whose body is not at hand.</summary>
    /// <returns>Where it has to be cut for a preamble that is new; 0 for none. To be followed by <see cref="Add(PromptCut,
    /// string)"/>.</returns>
    public int Compare(CanonicalPrompt prompt)
    {
        if (!options.PreamblesEnabled || prompt.Endpoint == Abstractions.PromptEndpoint.Completion || IsShort(prompt.Chain.Length))
            return 0;
        var (shared, covered) = SharedWithAnother(prompt);
        return shared == 0 || IsShort(shared) || IsCovered(shared, covered) ? 0 : shared;
    }

    /// <summary>A prompt that showed a preamble was answered.</summary>
    public void Add(PromptCut cut, string? domain)
    {
        if (!IsShort(cut.Text.Length) && Add(new Preamble(cut, domain)))
            Found?.Invoke();
    }

    /// <summary>The most that the prompt shares with the beginning of another conversation, 0 where that says nothing new, and how much of
    /// it is a known preamble. Counts the uses of these.</summary>
    private (int Shared, int Covered) SharedWithAnother(CanonicalPrompt prompt)
    {
        lock (_lock)
        {
            if (_beginnings.Add(prompt) is not { } shared)
                return default;
            var covered = 0;
            foreach (var preamble in _preambles)
            {
                if (!IsBeginningOf(preamble, prompt))
                    continue;
                (preamble.Uses, preamble.LastUsed) = (preamble.Uses + 1, ++_uses);
                covered = Math.Max(covered, preamble.Chain.Length);
            }

            return (shared, covered);
        }
    }

    /// <returns>Whether it is new, and worth a snapshot beside the others.</returns>
    private bool Add(Preamble preamble)
    {
        lock (_lock)
        {
            using var text = CanonicalPrompt.Copy(preamble.Cut.Text, preamble.Domain);
            var others = _preambles.Where(one => IsBeginningOf(one, text)).Select(static one => one.Chain.Length);
            if (IsCovered(preamble.Chain.Length, others.DefaultIfEmpty().Max()))
                return false;
            preamble.LastUsed = ++_uses;
            _preambles.Add(preamble);
            if (_preambles.Count > options.PreamblesMax)
                _preambles.Remove(_preambles.Where(one => one != preamble).MinBy(static one => (one.Uses, one.LastUsed))!);
            return true;
        }
    }

    private static bool IsBeginningOf(Preamble preamble, CanonicalPrompt prompt) =>
        preamble.Domain == prompt.Domain && prompt.StartsWith(preamble.Chain);

    /// <summary>Whether known preambles are nearly all of the first <paramref name="length"/> bytes.</summary>
    private static bool IsCovered(int length, int covered) => length - covered < LeastExtension * length;

    private bool IsShort(int bytes) => bytes * rates.Now.TokensPerByte < options.PreamblesMinTokens;
}
