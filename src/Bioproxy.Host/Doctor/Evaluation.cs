namespace Bioproxy.Host.Doctor;

/// <summary>One measured evaluation of a prompt.</summary>
/// <param name="KnownTokens">Tokens of its prompt prefix that the server had seen before.</param>
/// <param name="CachedTokens">Tokens reused, as reported by the server.</param>
/// <param name="ComputedTokens">Tokens computed.</param>
/// <param name="Duration">From the first progress report to the end: without the wait for a slot.</param>
/// <param name="LongestStep">Tokens of the longest step between two progress reports, a batch or a part of one.</param>
/// <param name="LongestStepDuration">How long that step took.</param>
internal sealed record Evaluation(
    int KnownTokens, int CachedTokens, int ComputedTokens, TimeSpan Duration, int LongestStep, TimeSpan LongestStepDuration)
{
    /// <summary>Everything was reused except the incomplete last batch, which a server may compute again.</summary>
    public bool IsReused => CachedTokens >= KnownTokens * 0.95;

    public double TokensPerSecond => ComputedTokens / Math.Max(Duration.TotalSeconds, 0.001);
}
