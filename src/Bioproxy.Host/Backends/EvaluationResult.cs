namespace Bioproxy.Host.Backends;

/// <summary>The end of an evaluation without output.</summary>
/// <param name="Slot">The slot that holds it now; null when the server did not tell.</param>
/// <param name="CachedTokens">Tokens that were there already.</param>
/// <param name="ComputedTokens">Tokens computed.</param>
internal sealed record EvaluationResult(int? Slot, int CachedTokens, int ComputedTokens);
