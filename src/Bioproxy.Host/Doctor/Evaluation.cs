namespace Bioproxy.Host.Doctor;

/// <summary>One measured evaluation of a prompt.</summary>
/// <param name="KnownTokens">Tokens at its beginning that the server had seen before.</param>
/// <param name="CachedTokens">Tokens that it reused.</param>
/// <param name="ComputedTokens">Tokens that it computed.</param>
/// <param name="Duration">From the first word of progress to the end: no waiting for a slot.</param>
/// <param name="LongestStep">Tokens of the longest step between two words of progress, a batch or a part of one.</param>
/// <param name="LongestStepDuration">How long that step took.</param>
internal sealed record Evaluation(int KnownTokens, int CachedTokens, int ComputedTokens, TimeSpan Duration, int LongestStep, TimeSpan LongestStepDuration)
{
    /// <summary>All was reused but for a batch's odd end, which a server may compute again.</summary>
    public bool IsReused => CachedTokens >= KnownTokens * 0.95;

    public double TokensPerSecond => ComputedTokens / Math.Max(Duration.TotalSeconds, 0.001);
}
