using Bioproxy.Host.Configuration;
using Bioproxy.Host.Prompts;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// Owns the snapshots: their index, sidecars and file names, who holds them, when they were last used, what failed, and how much they may
/// take. Files, sidecars and subscribers are never touched under its lock.
/// <para>
/// A snapshot that is being restored is held: its file name is not given out again before the last holder let go, although the snapshot may
/// have left the index already. llama-server cannot delete; see <see cref="IFileShrinker"/>.
/// </para>
/// <para>
/// Several proxies may share what they save (<see cref="Share"/>). Then each knows all snapshots, and these hold:
/// a file's name is given out once and never again, by whichever proxy, so a restore by name brings the state that the name has always
/// stood for, or fails, whatever the others remove meanwhile;
/// a removal is final: an entry that comes later, or late, does not bring the snapshot back;
/// what this proxy holds it neither evicts nor frees; what another one holds it may (see the first rule: that costs the restore);
/// a snapshot whose file cannot be seen from here is removed only where it is certain that the folder is the right one;
/// files without a sidecar are removed by the proxy that named them, and only after it has met the others;
/// two proxies that make room at the same time may both evict: that is more than necessary, and harmless.
/// </para>
/// </summary>
internal sealed partial class SnapshotStore
{
    /// <summary>Failures remembered for the status.</summary>
    private const int MostFailures = 20;

    private readonly Lock _lock = new();
    private readonly ProxyOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<SnapshotStore> _logger;
    private readonly SidecarFolder _sidecars;
    private readonly SlotPlaces _places;
    private readonly FileNames _names;
    private readonly FileDisposal _disposal;
    private readonly Dictionary<string, DateTimeOffset> _used = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _held = new(StringComparer.Ordinal);
    private readonly Queue<string> _quarantined = new();
    private readonly Registrations<Action<string>> _subscribers = new();
    private readonly Registrations<string> _loaded = new();
    private volatile SnapshotIndex _index = SnapshotIndex.Empty;
    private volatile FoundSnapshots? _found;
    private long _bytes; // of all snapshots; written under the lock

    public SnapshotStore(StateFolder folder, ProxyOptions options, TimeProvider time, ILogger<SnapshotStore> logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        _places = new SlotPlaces(options, logger);
        _sidecars = new SidecarFolder(folder, _places.Default, time, logger);
        _names = new FileNames(folder, logger);
        _disposal = new FileDisposal(_places, _names, logger);
        Triggers = options.Prefixes.Select(prefix => prefix.Key).ToHashSet();
        Pins = new SnapshotPins(folder, logger);
        _removed = new RemovedNames(folder, MostRemoved, logger);
        WriteBudget = new WriteBudget(options.KvMaxWritePerHour, time);
    }

    /// <summary>As for <see cref="EvictionPolicy.Choose"/>.</summary>
    internal Func<StoredSnapshot, DateTimeOffset, double>? Value { get; init; }

    /// <summary>The templates of these triggers stay.</summary>
    public IReadOnlySet<string> Triggers { get; set; }

    /// <summary>The snapshots that can be found now.</summary>
    public SnapshotIndex Index => _index;

    /// <summary>What is on disk for a prompt. The last answer is kept: the router asks for every instance.</summary>
    public FoundSnapshots Find(CanonicalPrompt prompt, string fingerprint, string place)
    {
        var index = _index;
        var found = _found;
        return found?.Answers(index, prompt, fingerprint, place) == true ? found : _found = new(index, prompt, fingerprint, place);
    }

    public IReadOnlyList<Snapshot> All => _index.All;
    public int Count => _index.Count;

    /// <summary>The snapshots that an operator has pinned.</summary>
    public SnapshotPins Pins { get; }

    /// <summary>Bytes that may be written within an hour (kv.max_write_per_hour).</summary>
    public WriteBudget WriteBudget { get; }

    /// <summary>Fingerprints of the models that are loaded now; empty while none has been recognised.</summary>
    public IReadOnlySet<string> LoadedFingerprints => _loaded.Items.Concat(LoadedElsewhere).ToHashSet(StringComparer.Ordinal);

    /// <summary>Files that failed and why, newest last.</summary>
    public IReadOnlyList<string> Quarantined
    {
        get
        {
            lock (_lock)
                return [.. _quarantined];
        }
    }

    /// <summary>Free bytes on the fullest disk of the slot folders; null where that is unknown.</summary>
    public long? FreeBytes => _places.FreeBytes();

    public SlotPlaces Places => _places;

    /// <summary>Reads all sidecars and learns which file names are taken. To be called once, before anything else.</summary>
    public void Load()
    {
        var loaded = _sidecars.Load();
        var index = SnapshotIndex.Of([.. loaded.Select(one => one.Snapshot).DistinctBy(s => s.File)]);
        _names.Load(index.All.Select(s => s.File));
        Pins.Load(index.All.Select(s => s.File));
        lock (_lock)
        {
            _index = index;
            _bytes = index.All.Sum(s => s.Bytes);
            foreach (var (snapshot, used) in loaded)
                _used[snapshot.File] = used;
        }
    }

    /// <summary>Calls back with the file name of every snapshot that leaves the index, outside any lock, until disposed.</summary>
    public IDisposable Subscribe(Action<string> removed) => _subscribers.Add(removed);

    /// <summary>Frees the bytes of files in this place through this one, too, until disposed.</summary>
    public IDisposable Use(string place, IFileShrinker shrinker) => _disposal.Use(place, shrinker);

    /// <summary>A model of this fingerprint is loaded, until disposed: its snapshots are worth more, and its templates stay.</summary>
    public IDisposable MarkLoaded(string fingerprint) => _loaded.Add(fingerprint);

    /// <summary>A file name for a new snapshot: ends in <see cref="Add"/> or <see cref="Discard"/>.</summary>
    public string TakeName() => _names.Take();

    /// <summary>A file is not needed any more: its bytes are freed, then its name.</summary>
    public void Discard(string file, string place = "") => _disposal.Discard(file, place);

    /// <summary>Completes when the files discarded so far are gone, or could not be freed.</summary>
    public Task WhenDiscarded() => _disposal.WhenDiscarded();

    /// <summary>Saved states are prompts: where the file is ours, no other user may read it.</summary>
    public void Protect(string file, string place = "") => _places.FolderOf(place).Protect(file);

    /// <summary>Whether the snapshot's file exists and has its size; true where that cannot be checked.</summary>
    public bool HasFile(Snapshot snapshot) => _places.FolderOf(snapshot.Place).Holds(snapshot);

    /// <summary>Writes the sidecar, makes the snapshot findable, then removes those that it replaces: a crash in between leaves
    /// both.</summary>
    /// <exception cref="IOException">The sidecar cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The sidecar cannot be written.</exception>
    public void Add(Snapshot snapshot)
    {
        _sidecars.Write(snapshot);
        lock (_lock)
        {
            _bytes += snapshot.Bytes - (_index.Find(snapshot.File)?.Bytes ?? 0);
            _index = _index.With(snapshot);
            _used[snapshot.File] = snapshot.Created;
        }

        ListenerFor(snapshot)?.Used(snapshot, snapshot.Created);
        foreach (var old in SupersededSnapshots.By(snapshot, All))
        {
            Pins.Replace(old.File, snapshot.File);
            Remove(old);
        }
    }

    /// <summary>Removes a snapshot: first from the index, here and elsewhere, then its sidecar, then its file, so that no sidecar describes
    /// a file that is about to change.</summary>
    /// <returns>False when it had left the index already.</returns>
    public bool Remove(Snapshot snapshot)
    {
        if (!TryTakeOut(snapshot, null))
            return false;
        _sidecars.Delete(snapshot.File);
        LetGo(snapshot);
        return true;
    }

    /// <summary>Removes a snapshot that failed; its sidecar is kept under another name.</summary>
    public void Quarantine(Snapshot snapshot, string reason)
    {
        var wasTakenOut = TryTakeOut(snapshot, null);
        lock (_lock)
        {
            // After it has left the index: who reads that it failed must not find it there.
            _quarantined.Enqueue($"{snapshot.File}: {reason}");
            if (_quarantined.Count > MostFailures)
                _quarantined.Dequeue();
        }

        LogQuarantined(snapshot.File, snapshot.Label, reason);
        if (!wasTakenOut)
            return; // its name may be in use by another one
        _sidecars.Quarantine(snapshot.File);
        LetGo(snapshot);
    }

    /// <summary>Keeps a snapshot's file unchanged until <see cref="LetGo"/>.</summary>
    /// <returns>False when the snapshot has left the index.</returns>
    public bool TryHold(Snapshot snapshot)
    {
        lock (_lock)
            return TryHold_NeedsLock(snapshot);
    }

    public void LetGo(Snapshot snapshot)
    {
        lock (_lock)
        {
            if (--_held[snapshot.File] > 0)
                return;
            _held.Remove(snapshot.File);
            if (_index.Find(snapshot.File) is not null)
                return;
        }

        Discard(snapshot.File, snapshot.Place);
    }

    /// <summary>The snapshot was restored just now.</summary>
    public void MarkUsed(Snapshot snapshot)
    {
        DateTimeOffset now;
        lock (_lock)
        {
            if (!_index.Contains(snapshot))
                return;
            _used[snapshot.File] = now = After_NeedsLock(snapshot);
        }

        _sidecars.Touch(snapshot.File, now);
        ListenerFor(snapshot)?.Used(snapshot, now);
    }

    /// <summary>What the eviction knows about a snapshot.</summary>
    public StoredSnapshot Describe(Snapshot snapshot) => Describe(snapshot, LoadedFingerprints);

    /// <summary>What the eviction knows about every snapshot.</summary>
    public IReadOnlyList<StoredSnapshot> DescribeAll()
    {
        var loaded = LoadedFingerprints;
        return [.. All.Select(snapshot => Describe(snapshot, loaded))];
    }

    private StoredSnapshot Describe(Snapshot snapshot, IReadOnlySet<string> loaded)
    {
        // Until a model is recognised every template may be of it.
        var fits = loaded.Count == 0 || loaded.Contains(snapshot.Fingerprint) || loaded.Any(one => AreSame(one, snapshot.Fingerprint));
        lock (_lock)
        {
            var isPinned = Pins.Contains(snapshot.File)
                || (!snapshot.IsConversation && fits && Triggers.Contains(snapshot.Trigger));
            return new(snapshot, _used.GetValueOrDefault(snapshot.File, snapshot.Created), isPinned, _held.ContainsKey(snapshot.File), fits)
            {
                Covered = snapshot.IsConversation ? _index.Covered(snapshot) : 0,
            };
        }
    }

    /// <summary>Takes this very snapshot out of the index, and holds its file until its sidecar is gone, too.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="removed">When another proxy has removed it; null when this one does.</param>
    private bool TryTakeOut(Snapshot snapshot, DateTimeOffset? removed)
    {
        var at = removed ?? default;
        lock (_lock)
        {
            if (!TryHold_NeedsLock(snapshot))
                return false;
            _index = _index.Without(snapshot);
            _bytes -= snapshot.Bytes;
            if (ListenerFor(snapshot) is not null)
                _removed.Add(snapshot.File, at = removed ?? After_NeedsLock(snapshot));
            _used.Remove(snapshot.File);
        }

        if (removed is null)
        {
            if (ListenerFor(snapshot) is not null)
                _removed.Write(snapshot.File, at);
            Pins.Set(snapshot.File, isPinned: false);
            ListenerFor(snapshot)?.Removed(snapshot.File, at);
        }
        else
        {
            Pins.Merge(snapshot.File, isPinned: false);
        }

        foreach (var subscriber in _subscribers.Items)
            subscriber(snapshot.File);
        return true;
    }

    private bool TryHold_NeedsLock(Snapshot snapshot)
    {
        if (!_index.Contains(snapshot))
            return false;
        _held[snapshot.File] = _held.GetValueOrDefault(snapshot.File) + 1;
        return true;
    }

    [LoggerMessage(LogLevel.Information, "Snapshot {File} ({Label}) was removed: {Reason}.")]
    private partial void LogRemoved(string file, string label, string reason);

    [LoggerMessage(LogLevel.Warning, "Snapshot {File} ({Label}) was quarantined: {Reason}.")]
    private partial void LogQuarantined(string file, string label, string reason);
}
