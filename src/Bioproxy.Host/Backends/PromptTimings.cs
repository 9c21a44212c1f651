namespace Bioproxy.Host.Backends;

/// <summary>What an answer says of its prompt.</summary>
/// <param name="CachedTokens">Prompt tokens taken from the KV cache (<c>cache_n</c>).</param>
/// <param name="ComputedTokens">Prompt tokens computed (<c>prompt_n</c>).</param>
internal sealed record PromptTimings(int CachedTokens, int ComputedTokens)
{
    public int Total => CachedTokens + ComputedTokens;
}
