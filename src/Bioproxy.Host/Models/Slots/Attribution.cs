namespace Bioproxy.Host.Models.Slots;

/// <summary>The outcome of <see cref="SlotAttribution.Attribute"/>.</summary>
/// <param name="Slots">The slots that were decided; a changed slot that is missing here is decided by a later poll.</param>
/// <param name="Lost">Contents that are in one of the unknown slots.</param>
internal sealed record Attribution(IReadOnlyList<SlotFinding> Slots, IReadOnlyList<SlotContent> Lost);
