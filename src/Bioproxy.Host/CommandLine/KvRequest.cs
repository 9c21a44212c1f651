namespace Bioproxy.Host.CommandLine;

/// <summary>An operation on snapshots.</summary>
/// <param name="Action">list, show, drop or gc.</param>
/// <param name="File">The snapshot's file; null for none.</param>
/// <param name="Domain">The isolation domain; null for none.</param>
/// <param name="IsDryRun">Report only.</param>
internal sealed record KvRequest(string Action, string? File = null, string? Domain = null, bool IsDryRun = false);
