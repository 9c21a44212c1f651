namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Makes room: removes what exceeds the limits of the configuration.</summary>
internal sealed partial class SnapshotStore
{
    /// <summary>What <see cref="CleanUp"/> would remove now.</summary>
    public IReadOnlyList<(Snapshot Snapshot, string Reason)> FindDue() => FindDue(count: 0, bytes: 0);

    /// <summary>Removes what exceeds the limits of the configuration.</summary>
    /// <returns>What was removed and why.</returns>
    public IReadOnlyList<(Snapshot Snapshot, string Reason)> CleanUp()
    {
        if (_listener is null)
            return Evict(FindDue());
        if (!MaySave)
            return []; // what is known may be old, and nothing new takes space
        CleanUpShared();
        return Evict(FindDue());
    }

    /// <summary>Removes as much as one more snapshot needs. To be called when nothing else can prevent its save.</summary>
    /// <param name="bytes">Its expected size. Nothing makes room for one that exceeds kv.max_bytes by itself.</param>
    /// <returns>What was removed and why.</returns>
    public IReadOnlyList<(Snapshot Snapshot, string Reason)> MakeRoom(long bytes) =>
        bytes > _options.KvMaxBytes ? CleanUp() : HasRoom(bytes) ? [] : Evict(FindDue(count: 1, bytes));

    /// <summary>Mostly there is room, and no snapshot is looked at. What is too old goes at the next <see cref="CleanUp"/>.</summary>
    private bool HasRoom(long bytes) =>
        Count < _options.KvMaxSnapshots && Interlocked.Read(ref _bytes) + bytes <= _options.KvMaxBytes
            && (FreeBytes ?? long.MaxValue) - bytes >= _options.KvMinFreeBytes;

    private List<(Snapshot Snapshot, string Reason)> Evict(IReadOnlyList<(Snapshot Snapshot, string Reason)> due)
    {
        var evicted = new List<(Snapshot Snapshot, string Reason)>();
        foreach (var (snapshot, reason) in due)
        {
            if (!Remove(snapshot))
                continue;
            LogRemoved(snapshot.File, snapshot.Label, reason);
            evicted.Add((snapshot, reason));
        }

        return evicted;
    }

    private IReadOnlyList<(Snapshot Snapshot, string Reason)> FindDue(int count, long bytes)
    {
        var limits = new EvictionLimits(
            _options.KvMaxAge, _options.KvMaxSnapshots - count, _options.KvMaxBytes - bytes,
            _options.KvMinFreeBytes + bytes, FreeBytes ?? long.MaxValue / 2);
        return EvictionPolicy.Choose(DescribeAll(), limits, _time.GetUtcNow(), Value);
    }
}
