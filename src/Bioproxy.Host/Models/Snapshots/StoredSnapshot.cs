namespace Bioproxy.Host.Models.Snapshots;

/// <summary>A snapshot as the clean-up sees it.</summary>
/// <param name="Snapshot">The snapshot.</param>
/// <param name="LastUsed">When it was last saved or restored.</param>
/// <param name="IsPinned">A template of the configuration, for the model that runs: it stays.</param>
/// <param name="IsInUse">It is being restored.</param>
/// <param name="FitsModel">It is of the model that runs.</param>
internal readonly record struct StoredSnapshot(Snapshot Snapshot, DateTimeOffset LastUsed, bool IsPinned, bool IsInUse, bool FitsModel);
