using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Makes the index and the slot folders agree after a start.</summary>
internal sealed partial class SnapshotStore
{
    /// <summary>Makes the snapshots and the slot folder agree after a start: removes snapshots that a newer one replaces, snapshots whose
    /// file is missing or has another size, and files of ours without a sidecar.</summary>
    public void Reconcile()
    {
        RemoveSuperseded();
        foreach (var (place, folder) in _places.Folders)
            Reconcile(place, folder);
    }

    private void RemoveSuperseded()
    {
        foreach (var old in SupersededSnapshots.Among(All))
        {
            if (Remove(old))
                LogRemoved(old.File, old.Label, "a newer one replaces it");
        }
    }

    private void Reconcile(string place, SlotFolder folder)
    {
        var described = All.Where(s => s.Place == place).ToList();
        var missing = described.Where(s => !folder.Holds(s)).ToList();
        if (missing.Count > 0 && missing.Count == described.Count)
        {
            LogOtherFolder(folder.Directory!, described.Count);
            return; // nothing is lost until this is corrected: a snapshot without its file is not restored
        }

        if (_listener is not null)
            missing.RemoveAll(snapshot => !_names.IsOurs(snapshot.File)); // the others say whether they have removed theirs
        foreach (var snapshot in missing)
            Remove(snapshot);
        var index = _index;
        var undescribed = folder.Files().Where(file => index.Find(file) is null).ToList();
        var orphans = undescribed.Where(_names.IsOurs).ToList();
        foreach (var orphan in orphans)
            DiscardOrphan(orphan, place);
        if (undescribed.Count + missing.Count > 0)
            LogReconciled(orphans.Count, missing.Count, undescribed.Count - orphans.Count);
    }

    private void DiscardOrphan(string file, string place)
    {
        if (_listener is null)
        {
            Discard(file, place);
            return;
        }

        lock (_lock)
        {
            _orphans.Add((file, place));
            _orphansSince = _time.GetUtcNow();
        }
    }

    [LoggerMessage(LogLevel.Warning,
        "kv.directory {Directory} holds none of the {Count} snapshots: is it the folder of llama-server's --slot-save-path?")]
    private partial void LogOtherFolder(string directory, int count);

    [LoggerMessage(LogLevel.Information,
        "Reconciled the slot folder: {Orphans} files without a sidecar removed, {Missing} snapshots without a file dropped, "
        + "{Foreign} files of other proxies kept.")]
    private partial void LogReconciled(int orphans, int missing, int foreign);
}
