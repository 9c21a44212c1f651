using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// What the server's own RAM cache (--cache-ram) is expected to hold: the contents that requests displaced from their slots.
/// The server does not report it, so answers are the only evidence. Guarded by the lock of the table that owns it.
/// </summary>
internal sealed class RamCacheModel
{
    /// <summary>After this many misses in a row the cache is taken to be switched off or too small.</summary>
    private const int MaxMisses = 2;

    private readonly RecentContents _displaced = new();
    private int _misses;

    public bool IsExpectedToWork => _misses < MaxMisses;

    /// <summary>The server displaced this content to make room for a request. Content that a snapshot holds is restored from
    /// there.</summary>
    public void Add(SlotContent? content)
    {
        if (content is { IsSaved: false, Length: > 0 })
            _displaced.Add(content);
    }

    /// <summary>Records whether the cache had what a plan expected of it.</summary>
    public void Answered(bool hadIt) => _misses = hadIt ? 0 : _misses + 1;

    /// <summary>Bytes of the longest expected entry that is a prefix of the prompt; 0 when there is none.</summary>
    public int LongestPrefixOf(CanonicalPrompt prompt)
    {
        if (!IsExpectedToWork)
            return 0;
        var longest = 0;
        foreach (var content in _displaced)
        {
            if (content.Length > longest && content.IsOpenTo(prompt.Domain) && prompt.StartsWith(content.Chain))
                longest = content.Length;
        }

        return longest;
    }
}
