namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Hears what this proxy changes in its snapshots, and nothing of what it was told by others. Called without a lock, on the thread
/// that made the change; calls about one snapshot may come in another order than the changes, whose times say which is the last.</summary>
internal interface ISnapshotListener
{
    /// <summary>A snapshot was saved, or restored.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="at">Later than what was told of it before.</param>
    void Used(Snapshot snapshot, DateTimeOffset at);

    /// <summary>It has left the index, and its file is being freed.</summary>
    /// <param name="file">Its file.</param>
    /// <param name="at">Later than what was told of it before.</param>
    void Removed(string file, DateTimeOffset at);
}
