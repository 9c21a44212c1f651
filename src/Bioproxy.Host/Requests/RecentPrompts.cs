using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>The last prompts' texts, in memory only and within bounds: they show what a request is (a conversation's turn or a side
/// request), and where a prompt that missed the cache differs from what came before. A domain is compared with itself alone.</summary>
internal sealed class RecentPrompts : IDisposable
{
    private const int MaxCount = 64;
    private const int MaxBytes = 16 << 20;

    /// <summary>Blocks of messages that a compaction must at least share with its conversation.</summary>
    private const int LeastMessages = 2;

    private readonly Lock _lock = new();
    private readonly LinkedList<CanonicalPrompt> _prompts = new();
    private readonly List<CanonicalPrompt> _dropped = [];
    private int _bytes;
    private int _readers;

    /// <summary>Takes a prompt over; it is disposed when it falls out.</summary>
    public void Keep(CanonicalPrompt prompt)
    {
        lock (_lock)
        {
            _prompts.AddFirst(prompt);
            _bytes += prompt.Chain.Length;
            while (_prompts.Count > MaxCount || _bytes > MaxBytes)
                Drop_NeedsLock(_prompts.Last!);
        }
    }

    /// <summary>Where this prompt differs from the recent one that is most like it; null when there is none.</summary>
    public PromptDifference? Closest(CanonicalPrompt prompt, bool withExcerpt)
    {
        lock (_lock)
            return Longest_NeedsLock(prompt) is { } closest ? PromptDifference.Between(prompt, closest, withExcerpt) : null;
    }

    /// <summary>The recent prompt that says most about what this one is.</summary>
    public Precedent PrecedentOf(CanonicalPrompt prompt)
    {
        lock (_lock)
        {
            CanonicalPrompt? continued = null, same = null, session = null;
            var sideOpening = 0ul;
            foreach (var other in _prompts)
            {
                if (other.Domain != prompt.Domain)
                    continue;
                if (prompt.StartsWith(other.Chain) && !(continued?.Chain.Length >= other.Chain.Length))
                    continued = other;
                else if (same is null && prompt.Shape.Tools < other.Shape.Tools && HasMessagesOf(prompt, other))
                    same = other;
                if (prompt.Session is null || other.Session != prompt.Session || HaveSameSystem(prompt, other)
                    || (prompt.IsSessionShared && prompt.Turns > 1 && prompt.FirstMessage != other.FirstMessage)) // rather another one
                    continue;
                if (other.Side == SideKind.None && !(session?.Shape.Tools >= other.Shape.Tools))
                    session = other;
                if (sideOpening == 0 && other is { Turns: 1, Shape.Tools: 0 } && prompt.Shape.Tools > 0)
                    sideOpening = other.Opening;
            }

            var (kind, found) = continued is not null ? (PrecedentKind.Continued, continued)
                : same is not null ? (PrecedentKind.SameMessages, same)
                : session is not null ? (PrecedentKind.SameSession, session)
                : (PrecedentKind.None, null);
            return new Precedent(kind, found?.Shape ?? default, found?.Side ?? SideKind.None) { SideOpening = sideOpening };
        }
    }

    /// <summary>Whether most of a prompt's messages, and all before them, are an earlier one's.</summary>
    public bool HasMostOf(CanonicalPrompt prompt)
    {
        lock (_lock)
        {
            return _prompts.Any(other => other.Domain == prompt.Domain
                && 2 * (prompt.Text.CommonPrefixLength(other.Text) - prompt.BodyStart) >= prompt.Chain.Length - prompt.BodyStart);
        }
    }

    /// <summary>What of this prompt had been computed before and was computed again; null when that is less than
    /// <paramref name="leastTokens"/>.</summary>
    public LostPrefix? LostBy(CanonicalPrompt prompt, int cachedTokens, int promptTokens, int leastTokens, bool withExcerpt)
    {
        var lost = new LostTokens(cachedTokens, promptTokens, leastTokens);
        CanonicalPrompt? longest;
        List<CanonicalPrompt> candidates;
        lock (_lock)
        {
            longest = Longest_NeedsLock(prompt);
            candidates = CandidatesFor_NeedsLock(prompt, longest);
            _readers++; // texts are compared outside the lock: it takes milliseconds, and every request asks for its precedent
        }

        try
        {
            // Nothing has changed: its state was not held any more.
            if (longest is not null && lost.Of(longest, PromptDifference.SharedBytes(prompt, longest)) is { } unheld)
                return new LostPrefix(PromptDifference.Between(prompt, longest, withExcerpt) with { Cause = MissCause.StateLost }, unheld);

            // What comes after the first difference is the same again.
            LostPrefix? most = null;
            foreach (var other in candidates)
            {
                var difference = PromptDifference.Between(prompt, other, withExcerpt);
                if (lost.Of(other, difference.Mendable) is { } tokens && !(most?.Tokens >= tokens))
                    most = new LostPrefix(difference, tokens);
            }

            return most is { } miss && prompt.Side != SideKind.None
                ? miss with { Difference = miss.Difference with { Cause = MissCause.SideRequest } }
                : most;
        }
        finally
        {
            lock (_lock)
            {
                _readers--;
                DisposeDropped_NeedsLock();
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            while (_prompts.Last is { } last)
                Drop_NeedsLock(last);
        }
    }

    /// <summary>The prompt that this one shares the longest prefix with; of several the latest.</summary>
    private CanonicalPrompt? Longest_NeedsLock(CanonicalPrompt prompt)
    {
        CanonicalPrompt? longest = null;
        var (blocks, most) = (-1, -1);
        foreach (var other in _prompts)
        {
            if (other.Domain != prompt.Domain || ReferenceEquals(other, prompt))
                continue;
            var hashed = prompt.SharedWith(other.Chain); // whole blocks: most need no comparison of texts
            if (hashed + PromptChain.BlockSize < blocks)
                continue;
            blocks = Math.Max(blocks, hashed);
            if (prompt.Text.CommonPrefixLength(other.Text) is var shared && shared > most)
                (longest, most) = (other, shared);
        }

        return longest;
    }

    /// <summary>The few prompts that this one may be a changed version of.</summary>
    private List<CanonicalPrompt> CandidatesFor_NeedsLock(CanonicalPrompt prompt, CanonicalPrompt? longest)
    {
        List<CanonicalPrompt> candidates = longest is null ? [] : [longest];
        CanonicalPrompt? latest = null, session = null, body = null;
        var most = 0;
        foreach (var other in _prompts)
        {
            if (other.Domain != prompt.Domain || ReferenceEquals(other, prompt))
                continue;
            if (other.Side == prompt.Side && other.Shape.Tools == prompt.Shape.Tools)
                latest ??= other;
            if (prompt.Session is not null && other.Session == prompt.Session && other.Side == SideKind.None)
                session ??= other;
            var shared = HaveSameHead(prompt, other) ? 0
                : prompt.Text[prompt.BodyStart..].CommonPrefixLength(other.Text[other.BodyStart..]);
            if (shared > most)
                (body, most) = (other, shared);
        }

        foreach (var other in (CanonicalPrompt?[])[session, body, latest])
        {
            if (other is not null && !candidates.Contains(other))
                candidates.Add(other);
        }

        return candidates;
    }

    /// <summary>Whether the other's messages, or most of this one's, are the same behind another head or system message.</summary>
    private static bool HasMessagesOf(CanonicalPrompt prompt, CanonicalPrompt other)
    {
        var mine = prompt.Text[prompt.BodyStart..];
        var shared = mine.CommonPrefixLength(other.Text[other.BodyStart..]);
        return (shared == other.Text.Length - other.BodyStart || shared * 2 >= mine.Length)
            && mine[..shared].Count(CanonicalPrompt.MessageMark) >= LeastMessages;
    }

    private static bool HaveSameHead(CanonicalPrompt one, CanonicalPrompt other) =>
        one.Text[..one.HeadLength].SequenceEqual(other.Text[..other.HeadLength]);

    private static bool HaveSameSystem(CanonicalPrompt one, CanonicalPrompt other) =>
        one.BodyStart > one.HeadLength
            && one.Text[one.HeadLength..one.BodyStart].SequenceEqual(other.Text[other.HeadLength..other.BodyStart]);

    private void Drop_NeedsLock(LinkedListNode<CanonicalPrompt> node)
    {
        _prompts.Remove(node);
        _bytes -= node.Value.Chain.Length;
        _dropped.Add(node.Value);
        DisposeDropped_NeedsLock();
    }

    private void DisposeDropped_NeedsLock()
    {
        if (_readers > 0)
            return;
        foreach (var prompt in _dropped)
            prompt.Dispose();
        _dropped.Clear();
    }
}
