namespace Bioproxy.Demo;

/// <summary>How an answer began.</summary>
/// <param name="FirstToken">From sending the question to the first word of the answer.</param>
/// <param name="Reused"><c>timings.cache_n</c>: prompt tokens that were there already.</param>
/// <param name="Computed"><c>timings.prompt_n</c>: prompt tokens computed for this question.</param>
/// <param name="Cache">The proxy's <c>X-Bioproxy-Cache</c>; null without proxy.</param>
/// <param name="Text">What the model said.</param>
internal sealed record Answer(TimeSpan FirstToken, int Reused, int Computed, string? Cache, string Text)
{
    public int PromptTokens => Reused + Computed;
}
