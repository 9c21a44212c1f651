namespace Bioproxy.Cluster.Messages;

/// <summary>What an answer says of its prompt.</summary>
[GenerateSerializer]
[Alias("bioproxy.timings")]
internal sealed record TimingsMessage(
    [property: Id(0)] int CachedTokens,
    [property: Id(1)] int ComputedTokens,
    [property: Id(2)] int GeneratedTokens,
    [property: Id(3)] double PrefillSeconds);
