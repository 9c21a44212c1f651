namespace Bioproxy.IntegrationTests;

/// <summary>A warm-up that came to its end, as the proxy's log tells it.</summary>
/// <param name="Tokens">The template's tokens.</param>
/// <param name="Computed">Of these, how many this run computed.</param>
/// <param name="IsSaved">Whether it was saved.</param>
internal sealed record WarmUpRun(int Tokens, int Computed, bool IsSaved);
