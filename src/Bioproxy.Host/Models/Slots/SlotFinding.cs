namespace Bioproxy.Host.Models.Slots;

/// <summary>What attribution concluded about one slot.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="Content">What it holds; null when that stays unknown.</param>
/// <param name="IsForeign">Unknown, and not explained by any work of this proxy.</param>
internal readonly record struct SlotFinding(int Slot, SlotContent? Content, bool IsForeign)
{
    /// <summary>It was disputed, and every result was found in another slot.</summary>
    public bool IsUndisputed { get; init; }

    /// <summary>Of the work that was found here.</summary>
    public WorkPlace? Place { get; init; }
}
