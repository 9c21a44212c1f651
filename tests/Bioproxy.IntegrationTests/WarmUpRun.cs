namespace Bioproxy.IntegrationTests;

/// <summary>A completed warm-up, as the proxy's log reports it.</summary>
/// <param name="Tokens">The template's tokens.</param>
/// <param name="Computed">Of these, how many this run computed.</param>
/// <param name="IsSaved">Whether it was saved.</param>
internal sealed record WarmUpRun(int Tokens, int Computed, bool IsSaved);
