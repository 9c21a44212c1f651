namespace Bioproxy.Host.WarmUp;

/// <summary>A template's warm-up at one moment.</summary>
/// <param name="Trigger">The template's trigger.</param>
/// <param name="State">How far it is.</param>
/// <param name="Tokens">Tokens of the rendered prompt with a short message; 0 while unknown.</param>
/// <param name="CacheableTokens">Of these, how many come before anything a user writes.</param>
/// <param name="TokensHash">The version: a hash of the cacheable tokens.</param>
/// <param name="WarmedAt">When it was last computed or saved.</param>
/// <param name="Duration">How long that took.</param>
/// <param name="Progress">From 0 to 1 while running.</param>
/// <param name="Problem">What is wrong, for people.</param>
internal sealed record WarmUpStatus(
    string Trigger, WarmUpState State, int Tokens, int CacheableTokens, string? TokensHash, DateTimeOffset? WarmedAt, TimeSpan? Duration,
    double Progress, string? Problem)
{
    public static WarmUpStatus Initial(string trigger) => new(trigger, WarmUpState.Unknown, 0, 0, null, null, null, 0, null);
}
