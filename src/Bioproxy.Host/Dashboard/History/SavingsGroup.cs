namespace Bioproxy.Host.Dashboard.History;

/// <summary>Sums of requests that have something in common.</summary>
/// <param name="Name">What they have in common; empty for no template, or no result.</param>
/// <param name="Sum">Their sums.</param>
/// <param name="FirstTokens">Their times to the first token.</param>
internal sealed record SavingsGroup(string Name, SavingsSum Sum, Percentiles FirstTokens);
