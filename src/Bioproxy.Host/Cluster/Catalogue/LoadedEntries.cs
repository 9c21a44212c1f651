using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.Host.Cluster.Catalogue;

/// <summary>The models that are loaded: <c>loaded/FINGERPRINT</c>, told again every ten minutes while it is so. Their snapshots are worth
/// more to all proxies, and their templates stay.</summary>
internal sealed class LoadedEntries(SnapshotStore store, CataloguePublisher publisher, TimeProvider time) : ICataloguePart
{
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private Dictionary<string, DateTimeOffset> _told = new(StringComparer.Ordinal);

    public string Kind => "loaded";

    public IEnumerable<(string Name, byte[]? Value, DateTimeOffset At)> Entries
    {
        get
        {
            var now = time.GetUtcNow();
            return store.LoadedHere.Select(fingerprint => (fingerprint, (byte[]?)"true"u8.ToArray(), now));
        }
    }

    public void Merge(string name, byte[]? value, DateTimeOffset at)
    {
        if (value is not null)
            store.MergeLoaded(name, at);
    }

    public void Tick()
    {
        var now = time.GetUtcNow();
        List<string> due;
        lock (_lock)
        {
            var loaded = store.LoadedHere;
            due = [.. loaded.Where(one => !_told.TryGetValue(one, out var at) || now - at >= Again)];
            _told = loaded.ToDictionary(static one => one, one => due.Contains(one) ? now : _told[one], StringComparer.Ordinal);
        }

        foreach (var fingerprint in due)
            publisher.Publish(Kind, fingerprint, "true"u8.ToArray(), now);
    }
}
