using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>The last prompts' texts, in memory only and within bounds: to tell where a prompt that missed the cache differs from what came
/// before. A domain is compared with itself alone.</summary>
internal sealed class RecentPrompts : IDisposable
{
    private const int MaxCount = 64;
    private const int MaxBytes = 16 << 20;
    private readonly Lock _lock = new();
    private readonly LinkedList<CanonicalPrompt> _prompts = new();
    private int _bytes;

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
        {
            CanonicalPrompt? closest = null;
            var most = -1;
            foreach (var other in _prompts)
            {
                if (other.Domain == prompt.Domain && prompt.Text.CommonPrefixLength(other.Text) is var shared && shared > most)
                    (closest, most) = (other, shared);
            }

            return closest is null ? null : PromptDifference.Between(prompt, closest, withExcerpt);
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

    private void Drop_NeedsLock(LinkedListNode<CanonicalPrompt> node)
    {
        _prompts.Remove(node);
        _bytes -= node.Value.Chain.Length;
        node.Value.Dispose();
    }
}
