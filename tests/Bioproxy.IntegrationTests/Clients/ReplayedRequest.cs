namespace Bioproxy.IntegrationTests.Clients;

/// <summary>What became of one request of a replay. All figures are tokens.</summary>
/// <param name="Note">Which request.</param>
/// <param name="Prompt">The prompt.</param>
/// <param name="Reusable">The longest prefix that it shares with any prompt before it, across restarts.</param>
/// <param name="Reused">What the server behind the proxy reused.</param>
/// <param name="Alone">What the same server reused without a proxy.</param>
/// <param name="Cache">The cache result.</param>
internal sealed record ReplayedRequest(string Note, int Prompt, int Reusable, int Reused, int Alone, string? Cache)
{
    public override string ToString() => FormattableString.Invariant(
        $"{Prompt,7:N0} {Reusable,9:N0} {Reused,9:N0} {Alone,9:N0}  {Cache,-11} {Note}");
}
