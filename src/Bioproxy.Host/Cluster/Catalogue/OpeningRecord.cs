namespace Bioproxy.Host.Cluster.Catalogue;

/// <summary>An opening that only side requests have: a checksum, not a text.</summary>
/// <param name="Domain">Whose requests they are; null where nobody is told apart.</param>
/// <param name="Opening">The checksum.</param>
/// <param name="IsRepeated">They repeat each other: their states are kept.</param>
internal sealed record OpeningRecord(string? Domain, ulong Opening, bool IsRepeated);
