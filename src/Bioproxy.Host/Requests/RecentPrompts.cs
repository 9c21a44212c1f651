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
    private int _bytes;

    /// <summary>Takes a prompt over; it is disposed when it falls out.</summary>
    public void Keep(CanonicalPrompt prompt)
    {
        lock (_lock)
        {
            // Most prompts of a client have the same tools: they are kept once.
            if (!prompt.Head.IsEmpty)
            {
                foreach (var other in _prompts)
                {
                    if (!HaveSameHead(other, prompt))
                        continue;
                    prompt.Head = other.Head;
                    break;
                }
            }

            _prompts.AddFirst(prompt);
            _bytes += SizeOf(prompt);
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
                if (Continues(prompt, other) && !(continued?.Chain.Length >= other.Chain.Length))
                    continued = other;
                else if (same is null && prompt.Shape.Tools < other.Shape.Tools && HasMessagesOf(prompt, other))
                    same = other;
                if (prompt.Session is null || other.Session != prompt.Session || HaveSameSystem(prompt, other))
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

    /// <summary>What of this prompt had been computed before and was computed again; null when that is less than
    /// <paramref name="leastTokens"/>.</summary>
    public LostPrefix? LostBy(CanonicalPrompt prompt, int cachedTokens, int promptTokens, int leastTokens, bool withExcerpt)
    {
        var lost = new LostTokens(cachedTokens, promptTokens, leastTokens);
        lock (_lock)
        {
            // Nothing has changed: its state was not held any more.
            var longest = Longest_NeedsLock(prompt);
            if (longest is not null && lost.Of(longest, PromptDifference.SharedBytes(prompt, longest)) is { } unheld)
            {
                var end = PromptDifference.Between(prompt, longest, withExcerpt) with { Cause = MissCause.StateLost };
                return new LostPrefix(end, unheld);
            }

            // What comes after the first difference is the same again.
            LostPrefix? most = null;
            foreach (var other in CandidatesFor_NeedsLock(prompt, longest))
            {
                var difference = PromptDifference.Between(prompt, other, withExcerpt);
                if (lost.Of(other, difference.Mendable) is { } tokens && !(most?.Tokens >= tokens))
                    most = new LostPrefix(difference, tokens);
            }

            return most is { } miss && prompt.Side != SideKind.None
                ? miss with { Difference = miss.Difference with { Cause = MissCause.SideRequest } }
                : most;
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

    /// <summary>Whether a prompt begins with all of the other one. Asked for every recent prompt at every request: one hash mostly says
    /// no.</summary>
    private static bool Continues(CanonicalPrompt prompt, CanonicalPrompt other)
    {
        var (mine, held) = (prompt.Chain, other.Chain);
        if (held.Length > mine.Length || mine.After(held.BlockCount) != held.After(held.BlockCount))
            return false;
        var tail = held.Length - held.TailLength;
        return prompt.Text[tail..held.Length].SequenceEqual(other.Text[tail..]);
    }

    private static bool HaveSameHead(CanonicalPrompt one, CanonicalPrompt other) =>
        one.Text[..CanonicalPrompt.HeadLength].SequenceEqual(other.Text[..CanonicalPrompt.HeadLength]);

    private static bool HaveSameSystem(CanonicalPrompt one, CanonicalPrompt other) =>
        one.BodyStart > CanonicalPrompt.HeadLength
            && one.Text[CanonicalPrompt.HeadLength..one.BodyStart].SequenceEqual(other.Text[CanonicalPrompt.HeadLength..other.BodyStart]);

    /// <summary>A shared head counts for each that has it: never too little.</summary>
    private static int SizeOf(CanonicalPrompt prompt) => prompt.Chain.Length + prompt.Head.Length;

    private void Drop_NeedsLock(LinkedListNode<CanonicalPrompt> node)
    {
        _prompts.Remove(node);
        _bytes -= SizeOf(node.Value);
        node.Value.Dispose();
    }
}
