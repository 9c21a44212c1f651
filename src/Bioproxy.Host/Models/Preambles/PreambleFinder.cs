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
    private const int MaxBeginnings = 64;
    private const int MaxBytes = 8 << 20;

    /// <summary>A preamble that is longer than another one by less than this is worth no snapshot of its own.</summary>
    private const double LeastExtension = 0.05;

    private readonly Lock _lock = new();
    private readonly LinkedList<Beginning> _beginnings = new();
    private readonly List<Preamble> _preambles = [];
    private int _bytes;
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
        if (!options.PreamblesEnabled || endpoint == Abstractions.PromptEndpoint.Completion || IsShort(prompt.Chain.Length))
            return;
        if (SharedWithAnother(prompt) is not { } shared || IsShort(shared) || IsCovered(prompt, shared))
            return;
        if (PromptCut.At(prompt, shared, body(), endpoint) is { } cut && !IsShort(cut.Text.Length) && Add(new Preamble(cut, prompt.Domain)))
            Found?.Invoke();
    }

    /// <summary>The most that the prompt shares with the beginning of another conversation; null where that says nothing new.</summary>
    private int? SharedWithAnother(CanonicalPrompt prompt)
    {
        lock (_lock)
        {
            var most = 0;
            for (var node = _beginnings.First; node is not null; node = node.Next)
            {
                var other = node.Value;
                if (other.Domain != prompt.Domain)
                    continue;
                var shared = prompt.Text.CommonPrefixLength(other.Text);
                var isOneSession = other.Session is not null && other.Session == prompt.Session
                    && !(prompt.IsSessionShared && shared < prompt.FirstMessageEnd);
                if (shared == other.Text.Length || shared == prompt.Text.Length || isOneSession)
                {
                    _beginnings.Remove(node); // the same conversation
                    _beginnings.AddFirst(node);
                    return null;
                }

                most = Math.Max(most, shared);
            }

            Remember_NeedsLock(new Beginning(prompt.Text.ToArray(), prompt.Domain, prompt.Session));
            Count_NeedsLock(prompt);
            return most;
        }
    }

    private void Remember_NeedsLock(Beginning beginning)
    {
        _beginnings.AddFirst(beginning);
        _bytes += beginning.Text.Length;
        while (_beginnings.Count > 1 && (_beginnings.Count > MaxBeginnings || _bytes > MaxBytes))
        {
            _bytes -= _beginnings.Last!.Value.Text.Length;
            _beginnings.RemoveLast();
        }
    }

    private void Count_NeedsLock(CanonicalPrompt prompt)
    {
        foreach (var preamble in _preambles)
        {
            if (preamble.Domain == prompt.Domain && prompt.StartsWith(preamble.Chain))
                (preamble.Uses, preamble.LastUsed) = (preamble.Uses + 1, ++_uses);
        }
    }

    /// <returns>Whether it is new, and worth a snapshot beside the others.</returns>
    private bool Add(Preamble preamble)
    {
        lock (_lock)
        {
            using var text = CanonicalPrompt.Copy(preamble.Cut.Text, preamble.Domain);
            if (IsCovered_NeedsLock(text, preamble.Chain.Length))
                return false;
            preamble.LastUsed = ++_uses;
            _preambles.Add(preamble);
            if (_preambles.Count > options.PreamblesMax)
                _preambles.Remove(_preambles.Where(one => one != preamble).MinBy(static one => (one.Uses, one.LastUsed))!);
            return true;
        }
    }

    /// <summary>Told before the body is copied and read: a client's next conversation nearly always begins with a known preamble.</summary>
    private bool IsCovered(CanonicalPrompt prompt, int shared)
    {
        lock (_lock)
            return IsCovered_NeedsLock(prompt, shared);
    }

    /// <summary>Whether a known preamble is nearly all of the first <paramref name="length"/> bytes.</summary>
    private bool IsCovered_NeedsLock(CanonicalPrompt text, int length)
    {
        var covered = 0;
        foreach (var other in _preambles)
        {
            if (other.Domain == text.Domain && other.Chain.Length > covered && text.StartsWith(other.Chain))
                covered = other.Chain.Length;
        }

        return length - covered < LeastExtension * length;
    }

    private bool IsShort(int bytes) => bytes * rates.Now.TokensPerByte < options.PreamblesMinTokens;

    /// <summary>How a conversation began.</summary>
    private sealed record Beginning(byte[] Text, string? Domain, string? Session);
}
