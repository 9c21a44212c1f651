namespace Bioproxy.Host.CommandLine;

/// <summary>What somebody wants of the snapshots.</summary>
/// <param name="Action">list, show, drop or gc.</param>
/// <param name="File">The snapshot's file; null for none.</param>
/// <param name="Domain">The domain; null for none.</param>
/// <param name="IsDryRun">Only tell.</param>
internal sealed record KvRequest(string Action, string? File = null, string? Domain = null, bool IsDryRun = false);
