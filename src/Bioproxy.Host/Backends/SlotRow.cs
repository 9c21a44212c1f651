namespace Bioproxy.Host.Backends;

/// <summary>One row of <c>GET /slots</c>.</summary>
internal sealed record SlotRow(int Id, bool IsProcessing, long? TaskId, int? PromptTokens);
