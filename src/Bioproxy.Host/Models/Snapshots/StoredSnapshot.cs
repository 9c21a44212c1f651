namespace Bioproxy.Host.Models.Snapshots;

/// <summary>What the eviction knows about a snapshot.</summary>
/// <param name="Snapshot">The snapshot.</param>
/// <param name="LastUsed">When it was last saved or restored.</param>
/// <param name="IsPinned">It stays: an operator has pinned it, or it is a configured template, for a model that is loaded.</param>
/// <param name="IsInUse">It is being restored.</param>
/// <param name="FitsModel">A model that it is valid for is loaded, or none has been recognised yet.</param>
internal readonly record struct StoredSnapshot(Snapshot Snapshot, DateTimeOffset LastUsed, bool IsPinned, bool IsInUse, bool FitsModel)
{
    /// <summary>The part of its prompt, from 0 to 1, that a newer snapshot holds, too.</summary>
    public double Covered { get; init; }
}
