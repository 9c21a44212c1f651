namespace Bioproxy.Doubles;

/// <summary>A model's distribution of the first token of its answer, and what was reused for it.</summary>
/// <param name="Token">The likeliest token.</param>
/// <param name="LogProbabilities">The likeliest tokens with their log-probabilities.</param>
/// <param name="CachedTokens"><c>timings.cache_n</c>: prompt tokens reused.</param>
/// <param name="ComputedTokens"><c>timings.prompt_n</c>: prompt tokens computed.</param>
internal sealed record FirstToken(string Token, IReadOnlyDictionary<string, double> LogProbabilities, int CachedTokens, int ComputedTokens)
{
    public int PromptTokens => CachedTokens + ComputedTokens;
}
