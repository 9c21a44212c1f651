namespace Bioproxy.Host.Models.Slots;

/// <summary>An idle slot that unpinned work, or a client that bypasses the proxy, used since its content was known.</summary>
/// <param name="Id">The slot.</param>
/// <param name="Change">What shows it: anything but <see cref="SlotChange.None"/>.</param>
/// <param name="PromptTokens">Tokens it holds, where the backend reports them.</param>
internal readonly record struct ChangedSlot(int Id, SlotChange Change, int? PromptTokens);
