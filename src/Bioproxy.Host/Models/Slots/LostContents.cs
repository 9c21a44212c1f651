using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>Contents that are in one of the slots whose content is unknown. Guarded by the lock of the table that owns it.</summary>
internal sealed class LostContents
{
    private readonly RecentContents _contents = new();

    public void Add(SlotContent? content)
    {
        if (content is not null)
            _contents.Add(content);
    }

    public void Clear() => _contents.Clear();

    /// <summary>Whether an unknown slot may hold enough of this prompt that the server would choose that slot itself.</summary>
    public bool MayHold(CanonicalPrompt prompt)
    {
        foreach (var content in _contents)
        {
            if (content.IsOpenTo(prompt.Domain) && prompt.SharedWith(content.Chain) > Planner.LeastSimilarity * prompt.Chain.Length)
                return true;
        }

        return false;
    }
}
