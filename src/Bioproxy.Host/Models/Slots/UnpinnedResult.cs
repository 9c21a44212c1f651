namespace Bioproxy.Host.Models.Slots;

/// <summary>What unpinned work left in some slot.</summary>
/// <param name="Content">The content; null when it is unknown.</param>
/// <param name="HeldTokens">Tokens the slot holds, as reported by the answer.</param>
/// <param name="Place">Learns which slot it was.</param>
internal readonly record struct UnpinnedResult(SlotContent? Content, int? HeldTokens, WorkPlace? Place = null);
