namespace Bioproxy.Host.Backends;

/// <summary>What an answer says of its prompt.</summary>
/// <param name="CachedTokens">Prompt tokens taken from the KV cache (<c>cache_n</c>).</param>
/// <param name="ComputedTokens">Prompt tokens computed (<c>prompt_n</c>).</param>
/// <param name="GeneratedTokens">Tokens generated (<c>predicted_n</c>).</param>
internal sealed record PromptTimings(int CachedTokens, int ComputedTokens, int GeneratedTokens)
{
    /// <summary>Seconds that computing took (<c>prompt_ms</c>); 0 when that was not told.</summary>
    public double PrefillSeconds { get; init; }

    public int PromptTokens => CachedTokens + ComputedTokens;

    /// <summary>What the slot holds afterwards: the last generated token is never evaluated (measured: 635 + 7 leave 641).</summary>
    public int HeldTokens => PromptTokens + Math.Max(0, GeneratedTokens - 1);
}
