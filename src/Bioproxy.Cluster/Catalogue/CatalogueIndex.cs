using Bioproxy.Cluster.Messages;

namespace Bioproxy.Cluster.Catalogue;

/// <summary>The newest entry of each key, removed ones among them, in the order in which they changed. Not safe for threads.</summary>
internal sealed class CatalogueIndex
{
    private readonly Dictionary<string, (CatalogueEntry Entry, long Sequence)> _entries = new(StringComparer.Ordinal);

    /// <summary>The number of the newest change.</summary>
    public long Sequence { get; private set; }

    public int Count => _entries.Count;

    public CatalogueEntry[] All => [.. _entries.Values.Select(static kept => kept.Entry)];

    public CatalogueEntry? Find(string key) => _entries.TryGetValue(key, out var kept) ? kept.Entry : null;

    /// <summary>Takes what is newer than what it has. Of two entries of the same time the first one stays.</summary>
    /// <param name="entries">What was written somewhere.</param>
    /// <param name="lost">Receives what it has instead of an entry that is not newer.</param>
    /// <returns>The entries that it took.</returns>
    public List<CatalogueEntry> Merge(IEnumerable<CatalogueEntry> entries, List<CatalogueEntry> lost)
    {
        var taken = new List<CatalogueEntry>();
        foreach (var entry in entries)
        {
            if (_entries.TryGetValue(entry.Key, out var kept) && kept.Entry.At >= entry.At)
            {
                if (!AreSame(kept.Entry, entry)) lost.Add(kept.Entry);
                continue;
            }

            _entries[entry.Key] = (entry, ++Sequence);
            taken.Add(entry);
        }

        return taken;
    }

    /// <summary>What changed after a change.</summary>
    public IEnumerable<CatalogueEntry> Since(long sequence) =>
        sequence >= Sequence ? [] : _entries.Values.Where(kept => kept.Sequence > sequence).Select(static kept => kept.Entry);

    /// <summary>Forgets what was removed before a time.</summary>
    /// <returns>How many entries were forgotten.</returns>
    public int Forget(DateTimeOffset before)
    {
        var old = _entries.Where(kept => kept.Value.Entry.Value is null && kept.Value.Entry.At < before)
            .Select(static kept => kept.Key).ToList();
        foreach (var key in old) _entries.Remove(key);
        return old.Count;
    }

    private static bool AreSame(CatalogueEntry one, CatalogueEntry other) =>
        one.At == other.At && (one.Value is null) == (other.Value is null) && one.Value.AsSpan().SequenceEqual(other.Value);
}
