namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Frees the bytes of a snapshot file in a slot folder that Bioproxy cannot reach itself.</summary>
internal interface IFileShrinker
{
    /// <summary>Overwrites the file with the state of an empty slot, some 40 bytes. Called without a lock, on a background task.</summary>
    /// <returns>False when it could not: no slot was empty, or the server did not answer.</returns>
    Task<bool> TryShrinkAsync(string file, CancellationToken cancellationToken);
}
