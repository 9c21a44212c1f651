namespace Bioproxy.Host.Models.Slots;

/// <summary>A slot at one moment, for status.</summary>
internal sealed record SlotView(int Id, bool IsBusy, SlotContent? Content, long? TaskId, int? PromptTokens);
