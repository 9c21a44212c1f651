namespace Bioproxy.Host.Models.Snapshots;

/// <summary>What came of a restore.</summary>
internal enum RestoreResult
{
    /// <summary>The slot holds the snapshot.</summary>
    Restored,

    /// <summary>Nothing was done: the slot holds what it held.</summary>
    NotTouched,

    /// <summary>What the slot holds is not known.</summary>
    Failed,
}
