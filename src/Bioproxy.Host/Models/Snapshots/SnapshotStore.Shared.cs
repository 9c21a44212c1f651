using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>What several proxies that share their snapshots tell each other.</summary>
internal sealed partial class SnapshotStore
{
    /// <summary>Removed snapshots that are remembered: an entry of one that comes late does not bring it back.</summary>
    private const int MostRemoved = 4096;

    /// <summary>Snapshots whose files are looked at to find out whether a folder is the right one.</summary>
    private const int MostWitnesses = 16;

    /// <summary>Time to meet the other proxies after a start, before files without a sidecar are removed.</summary>
    private static readonly TimeSpan OrphanDelay = TimeSpan.FromMinutes(5);

    /// <summary>On network storage a new file may not be seen at once.</summary>
    private static readonly TimeSpan FileDelay = TimeSpan.FromMinutes(2);

    /// <summary>A model that another proxy has reported within this time is still loaded there.</summary>
    private static readonly TimeSpan LoadedAge = TimeSpan.FromMinutes(30);

    private readonly RemovedNames _removed;
    private readonly Dictionary<string, DateTimeOffset> _loadedElsewhere = new(StringComparer.Ordinal);
    private List<(string File, string Place)> _orphans = [];
    private DateTimeOffset _orphansSince;
    private ISnapshotListener? _listener;
    private Func<string?>? _savingProblem;
    private int _isSavingStopped;

    /// <summary>Why nothing may be saved now; null when it may.</summary>
    public string? SavingProblem => _savingProblem?.Invoke();

    /// <summary>Whether a snapshot that is saved now would be known to all who have to know it. The log says when that changes.</summary>
    public bool MaySave
    {
        get
        {
            if (_savingProblem is null)
                return true;
            var problem = SavingProblem;
            var stops = problem is null ? 0 : 1;
            if (Volatile.Read(ref _isSavingStopped) != stops && Interlocked.Exchange(ref _isSavingStopped, stops) != stops)
            {
                if (problem is not null)
                    LogSavingStopped(problem);
                else
                    LogSaving();
            }

            return problem is null;
        }
    }

    /// <summary>All snapshots that concern other proxies, and when each was last used.</summary>
    public IReadOnlyList<(Snapshot Snapshot, DateTimeOffset At)> Known
    {
        get
        {
            lock (_lock)
                return
                [
                    .. _index.All.Where(IsShared)
                        .Select(snapshot => (snapshot, _used.GetValueOrDefault(snapshot.File, snapshot.Created))),
                ];
        }
    }

    /// <summary>The files that were removed last, by whichever proxy, and when.</summary>
    public IReadOnlyList<KeyValuePair<string, DateTimeOffset>> Removed => _removed.All;

    /// <summary>Whether some proxy has removed the snapshot that had this file.</summary>
    public bool IsRemoved(string file) => _removed.Find(file) is not null;

    /// <summary>Fingerprints of the models that this proxy has loaded.</summary>
    public IReadOnlySet<string> LoadedHere => _loaded.Items.ToHashSet(StringComparer.Ordinal);

    private bool IsShared(Snapshot snapshot) => _listener is not null && _places.IsShared(snapshot.Place);

    private ISnapshotListener? ListenerFor(Snapshot snapshot) => IsShared(snapshot) ? _listener : null;

    private IEnumerable<string> LoadedElsewhere
    {
        get
        {
            if (_listener is null)
                return [];
            var oldest = _time.GetUtcNow() - LoadedAge;
            lock (_lock)
                return [.. _loadedElsewhere.Where(one => one.Value >= oldest).Select(one => one.Key)];
        }
    }

    /// <summary>Other proxies use the same snapshots. To be called before <see cref="Load"/>.</summary>
    /// <param name="listener">Hears what changes here.</param>
    /// <param name="savingProblem">Why nothing may be saved now; null when it may. Asked often.</param>
    /// <exception cref="IOException">The state folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The state folder cannot be written.</exception>
    public void Share(ISnapshotListener listener, Func<string?> savingProblem)
    {
        _names.NeverReuse();
        _places.Share();
        _removed.Load();
        (_listener, _savingProblem) = (listener, savingProblem);
        _isSavingStopped = 1; // until the others are met, which takes a moment at every start
    }

    /// <summary>Whether both are of one model, and their snapshots serve both.</summary>
    public bool AreSame(string fingerprint, string other) => _index.Classes.AreSame(fingerprint, other);

    /// <summary>Finds snapshots of these fingerprints for one another from now on.</summary>
    public void UseClasses(FingerprintClasses classes)
    {
        lock (_lock)
        {
            if (!_index.Classes.Equals(classes))
                _index = SnapshotIndex.Of(_index.All, classes);
        }
    }

    /// <summary>Another proxy has saved or used a snapshot.</summary>
    /// <returns>When it was removed, where that looks older than the use: the others have to hear it again, because it is final. Null
    /// otherwise.</returns>
    public DateTimeOffset? Merge(Snapshot snapshot, DateTimeOffset at)
    {
        if (!IsShared(snapshot))
            return null; // another machine's, in a folder that is called as one of this machine
        if (_removed.Find(snapshot.File) is { } removed)
        {
            if (at < removed)
                return null; // the removal is newer for all
            var again = at.AddTicks(1);
            Remember(snapshot.File, again);
            return again;
        }

        bool isKnown;
        lock (_lock)
        {
            isKnown = _index.Find(snapshot.File) is not null;
            if (isKnown && at <= _used.GetValueOrDefault(snapshot.File))
                return null;
            if (isKnown)
                _used[snapshot.File] = at;
        }

        if (isKnown)
        {
            _sidecars.Touch(snapshot.File, at);
            return null;
        }

        WriteMerged(snapshot, at);
        lock (_lock)
        {
            if (_removed.Find(snapshot.File) is null)
            {
                if (_index.Find(snapshot.File) is not null)
                    return null; // told twice at once
                _bytes += snapshot.Bytes;
                _index = _index.With(snapshot);
                _used[snapshot.File] = at;
                return null;
            }
        }

        _sidecars.Delete(snapshot.File);
        return Merge(snapshot, at); // it was removed meanwhile
    }

    /// <summary>Another proxy has removed a snapshot.</summary>
    public void MergeRemoval(string file, DateTimeOffset at)
    {
        Remember(file, at); // first: what comes late does not bring it back
        if (_index.Find(file) is not { } snapshot || !TryTakeOut(snapshot, at))
            return;
        _sidecars.Delete(file);
        LetGo(snapshot); // it may be this proxy that reaches the folder, or whose server can free the bytes
    }

    /// <summary>Another proxy has a model of this fingerprint loaded.</summary>
    public void MergeLoaded(string fingerprint, DateTimeOffset at)
    {
        lock (_lock)
        {
            if (at > _loadedElsewhere.GetValueOrDefault(fingerprint))
                _loadedElsewhere[fingerprint] = at;
        }
    }

    /// <summary>A snapshot's file is not there, or has another size. It is quarantined; where other proxies use it and this one may look
    /// into another folder than the server's, it is only not used from here.</summary>
    public void ReportMissing(Snapshot snapshot)
    {
        var isForeign = _listener is not null && !_names.IsOurs(snapshot.File);
        if (isForeign && (_time.GetUtcNow() - snapshot.Created < FileDelay || !SeesOthersOf(snapshot)))
            LogNotSeen(snapshot.File, snapshot.Place);
        else
            Quarantine(snapshot, "its file is gone, or has another size");
    }

    private bool SeesOthersOf(Snapshot snapshot) => All
        .Where(other => other.Place == snapshot.Place && other.File != snapshot.File && !_names.IsOurs(other.File))
        .Take(MostWitnesses).Any(HasFile);

    /// <summary>Later than all that was told of the snapshot, also where the clock of another proxy is ahead.</summary>
    private DateTimeOffset After_NeedsLock(Snapshot snapshot)
    {
        var (now, last) = (_time.GetUtcNow(), _used.GetValueOrDefault(snapshot.File, snapshot.Created));
        return _listener is null || now > last ? now : last.AddTicks(1);
    }

    private void Remember(string file, DateTimeOffset at)
    {
        if (_removed.Add(file, at))
            _removed.Write(file, at);
    }

    private void WriteMerged(Snapshot snapshot, DateTimeOffset at)
    {
        try
        {
            _sidecars.Write(snapshot);
            _sidecars.Touch(snapshot.File, at);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(snapshot.File, e.Message);
        }

        var isCounted = snapshot.IsConversation || snapshot.IsPreamble;
        if (isCounted && _time.GetUtcNow() - snapshot.Created < TimeSpan.FromHours(1))
            WriteBudget.Wrote(snapshot.Bytes); // all proxies write to the same disks
    }

    /// <summary>What waits until the other proxies were met.</summary>
    private void CleanUpShared()
    {
        RemoveSuperseded();
        List<(string File, string Place)> orphans = [];
        lock (_lock)
        {
            if (_orphans.Count > 0 && _time.GetUtcNow() - _orphansSince >= OrphanDelay)
                (orphans, _orphans) = (_orphans, []);
        }

        foreach (var (file, place) in orphans.Where(one => _index.Find(one.File) is null))
            Discard(file, place);
        _disposal.Retry();
    }

    [LoggerMessage(LogLevel.Warning, "Nothing new is saved for now: {Reason}.")]
    private partial void LogSavingStopped(string reason);

    [LoggerMessage(LogLevel.Information, "Snapshots are saved: the other proxies will know them.")]
    private partial void LogSaving();

    [LoggerMessage(LogLevel.Debug, "The file of snapshot {File} is not seen in {Place}; it is not used through this proxy.")]
    private partial void LogNotSeen(string file, string place);

    [LoggerMessage(LogLevel.Warning, "The sidecar of another proxy's snapshot {File} cannot be written: {Reason}")]
    private partial void LogNotWritten(string file, string reason);
}
