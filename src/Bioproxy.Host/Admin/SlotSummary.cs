namespace Bioproxy.Host.Admin;

/// <summary>A slot at one moment.</summary>
/// <param name="Id">Its number.</param>
/// <param name="IsBusy">Whether it is processing.</param>
/// <param name="Holding">What it holds.</param>
/// <param name="Tokens">Prompt tokens, as reported by the server; null when unknown.</param>
/// <param name="IsSaved">A snapshot holds all of its content.</param>
internal sealed record SlotSummary(int Id, bool IsBusy, SlotHolding Holding, int? Tokens, bool IsSaved);
