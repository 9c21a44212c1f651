namespace Bioproxy.Benchmarks.Routing;

/// <summary>One request of a trace.</summary>
/// <param name="Seconds">When it came.</param>
/// <param name="OutputTokens">Tokens of its answer.</param>
/// <param name="Blocks">Its prompt as chained ids of 512-token blocks: the same id means the same prefix up to there.</param>
internal sealed record TraceRequest(double Seconds, int OutputTokens, int[] Blocks);
