namespace Bioproxy.Host.Models.Slots;

/// <summary>One row of the backend's slot list.</summary>
/// <param name="Id">The slot.</param>
/// <param name="IsProcessing">Whether a task runs on it.</param>
/// <param name="TaskId">The last task that used it; null before the first use.</param>
/// <param name="PromptTokens">Tokens it holds, where the backend reports them.</param>
internal readonly record struct SlotObservation(int Id, bool IsProcessing, long? TaskId, int? PromptTokens);
