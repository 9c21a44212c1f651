using System.Collections.Frozen;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// Which fingerprints are of the same model. Two proxies that probe a new model at the same time give it two; neither is renamed, because
/// it is in use, but each finds the snapshots of the other. A fingerprint belongs to the oldest one whose probe agrees with its own, as if
/// one proxy had probed both one after the other: the same records have the same classes everywhere. Immutable.
/// </summary>
internal sealed class FingerprintClasses
{
    private readonly FrozenDictionary<string, string> _classes;

    private FingerprintClasses(IReadOnlyDictionary<string, string> classes) =>
        _classes = classes.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Every fingerprint is a model of its own.</summary>
    public static FingerprintClasses None { get; } = Of([]);

    public static FingerprintClasses Of(IEnumerable<FingerprintRecord> records)
    {
        var classes = new Dictionary<string, string>(StringComparer.Ordinal);
        var oldest = new List<FingerprintRecord>();
        foreach (var record in Ordered(records))
        {
            if (oldest.Find(one => one.Facts == record.Facts && FingerprintProbe.Agrees(one.Probe, record.Probe)) is { } same)
                classes[record.Id] = same.Id;
            else
                oldest.Add(record);
        }

        return new(classes);
    }

    /// <summary>The oldest fingerprint first; of several of one moment the one with the smallest name.</summary>
    public static IEnumerable<FingerprintRecord> Ordered(IEnumerable<FingerprintRecord> records) =>
        records.OrderBy(one => one.Created).ThenBy(one => one.Id, StringComparer.Ordinal);

    /// <summary>The oldest fingerprint of its model.</summary>
    public string Of(string fingerprint) => _classes.GetValueOrDefault(fingerprint, fingerprint);

    public bool AreSame(string one, string other) => one == other || (_classes.Count > 0 && Of(one) == Of(other));

    public bool Equals(FingerprintClasses other) =>
        _classes.Count == other._classes.Count && _classes.All(one => other.Of(one.Key) == one.Value);
}
