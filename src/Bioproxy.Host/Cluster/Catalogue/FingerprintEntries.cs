using System.Text.Json;
using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.Host.Cluster.Catalogue;

/// <summary>The models that were recognised: <c>fingerprint/ID</c>, with the JSON of the record. They are never removed.</summary>
internal sealed class FingerprintEntries : ICataloguePart
{
    private readonly FingerprintProbe _probe;
    private readonly SnapshotStore _store;

    public FingerprintEntries(FingerprintProbe probe, SnapshotStore store, CataloguePublisher publisher)
    {
        (_probe, _store) = (probe, store);
        probe.Found = record =>
        {
            UseClasses();
            publisher.Publish(Kind, record.Id, JsonOf(record), record.Created);
        };
    }

    public string Kind => "fingerprint";

    public IEnumerable<(string Name, byte[]? Value, DateTimeOffset At)> Entries =>
        _probe.Known.Select(static record => (record.Id, (byte[]?)JsonOf(record), record.Created));

    public void Merge(string name, byte[]? value, DateTimeOffset at)
    {
        if (value is null)
            return;
        var record = JsonSerializer.Deserialize(value, StateJson.Default.FingerprintRecord);
        if (record is null || record.Id != name || name.Length == 0 || !name.All(char.IsAsciiLetterOrDigit)) // a file is named after it
            throw new FormatException("its name is not the one of its key");
        if (_probe.Merge(record))
            UseClasses();
    }

    /// <summary>Finds the snapshots of one model whatever its fingerprint is called.</summary>
    public void UseClasses() => _store.UseClasses(FingerprintClasses.Of(_probe.Known));

    private static byte[] JsonOf(FingerprintRecord record) =>
        JsonSerializer.SerializeToUtf8Bytes(record, StateJson.Default.FingerprintRecord);
}
