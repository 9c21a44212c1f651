using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.Host.Cluster.Catalogue;

/// <summary>The snapshots that operators have pinned: <c>pin/FILE</c>.</summary>
internal sealed class PinEntries : ICataloguePart
{
    private readonly SnapshotStore _store;
    private readonly CataloguePublisher _publisher;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, DateTimeOffset> _changed = new(StringComparer.Ordinal);

    public PinEntries(SnapshotStore store, CataloguePublisher publisher, TimeProvider time)
    {
        (_store, _publisher, _time) = (store, publisher, time);
        store.Pins.Changed = Changed;
    }

    public string Kind => "pin";

    public IEnumerable<(string Name, byte[]? Value, DateTimeOffset At)> Entries
    {
        get
        {
            var pinned = _store.Pins.All;
            var since = pinned.Count > 0 ? _store.Pins.ChangedAt : default;
            lock (_lock)
            {
                var unpinned = _changed.Keys.Except(pinned, StringComparer.Ordinal);
                return
                [
                    .. pinned.Select(file => (file, (byte[]?)"true"u8.ToArray(), _changed.GetValueOrDefault(file, since))),
                    .. unpinned.Select(file => (file, (byte[]?)null, _changed[file])),
                ];
            }
        }
    }

    public void Merge(string name, byte[]? value, DateTimeOffset at)
    {
        var isPinned = value is not null;
        if (isPinned && _store.IsRemoved(name))
            return;
        var since = _store.Pins.Contains(name) ? _store.Pins.ChangedAt : default;
        lock (_lock)
        {
            var known = _changed.GetValueOrDefault(name, since);
            if (at < known || (at == known && !isPinned)) // of two at one moment the pin counts
                return;
            _changed[name] = at;
        }

        _store.Pins.Merge(name, isPinned);
    }

    private void Changed(string file, bool isPinned)
    {
        var at = _time.GetUtcNow();
        lock (_lock)
        {
            if (_changed.TryGetValue(file, out var known) && known >= at)
                at = known.AddTicks(1); // another proxy's clock is ahead
            _changed[file] = at;
        }

        _publisher.Publish(Kind, file, isPinned ? "true"u8.ToArray() : null, at);
    }
}
