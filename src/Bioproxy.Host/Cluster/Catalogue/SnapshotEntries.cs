using System.Text.Json;
using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.Host.Cluster.Catalogue;

/// <summary>The snapshots: <c>snapshot/FILE</c>, with the JSON of the sidecar. The time is the last use. What makes it safe stands in
/// <see cref="SnapshotStore"/>.</summary>
internal sealed class SnapshotEntries(SnapshotStore store, PlaceNames places, CataloguePublisher publisher)
    : ICataloguePart, ISnapshotListener
{
    public string Kind => "snapshot";

    public IEnumerable<(string Name, byte[]? Value, DateTimeOffset At)> Entries =>
    [
        .. store.Known.Select(one => (one.Snapshot.File, Value: JsonOf(one.Snapshot), one.At)).Where(static one => one.Value is not null),
        .. store.Removed.Select(static one => (one.Key, (byte[]?)null, one.Value)),
    ];

    public void Used(Snapshot snapshot, DateTimeOffset at)
    {
        if (JsonOf(snapshot) is { } json)
            publisher.Publish(Kind, snapshot.File, json, at);
    }

    public void Removed(string file, DateTimeOffset at) => publisher.Publish(Kind, file, null, at);

    public void Merge(string name, byte[]? value, DateTimeOffset at)
    {
        if (value is null)
        {
            store.MergeRemoval(name, at);
            return;
        }

        using var json = new MemoryStream(value, writable: false);
        var snapshot = SnapshotSidecar.Read(json).ToSnapshot("");
        if (snapshot.File != name)
            throw new FormatException("its file is not the one that its key names");
        if (places.PlaceOf(snapshot.Place) is not { } place)
            return;
        if (store.Merge(snapshot with { Place = place }, at) is { } removed)
            Removed(name, removed); // it was used somewhere before that proxy had heard of the removal
    }

    /// <summary>Null for one that is of no use to others.</summary>
    private byte[]? JsonOf(Snapshot snapshot) => places.NameOf(snapshot.Place) is not { } name ? null
        : JsonSerializer.SerializeToUtf8Bytes(SnapshotSidecar.Of(snapshot with { Place = name }), StateJson.Default.SnapshotSidecar);
}
