namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// Which snapshots a newer one replaces. A template has one state for each place and fingerprint. A conversation's state replaces an older
/// one of the same text, and the one that it was continued from.
/// </summary>
internal static class SupersededSnapshots
{
    /// <summary>Those that a snapshot made just now replaces.</summary>
    public static IReadOnlyList<Snapshot> By(Snapshot newer, IEnumerable<Snapshot> others) =>
        [.. others.Where(older => older.File != newer.File && (KeyOf(older) == KeyOf(newer) || IsContinued(older, newer)))];

    /// <summary>Those that a newer one among them replaces: left by a process that ended between adding one and removing the other, or
    /// saved by two proxies that did not know of each other's. The same for every proxy that knows the same.</summary>
    public static IReadOnlyList<Snapshot> Among(IEnumerable<Snapshot> snapshots)
    {
        var known = new HashSet<Key>();
        var newerByReplaced = new Dictionary<string, Snapshot>(StringComparer.Ordinal);
        var superseded = new List<Snapshot>();
        var newestFirst = snapshots.OrderByDescending(s => s.Created).ThenByDescending(s => s.File, StringComparer.Ordinal);
        foreach (var snapshot in newestFirst) // names may be given out again: only older ones are meant
        {
            var isKnown = !known.Add(KeyOf(snapshot));
            if (isKnown || (newerByReplaced.TryGetValue(snapshot.File, out var newer) && IsContinued(snapshot, newer)))
                superseded.Add(snapshot);
            if (snapshot.Replaces is { } older)
                newerByReplaced.TryAdd(older, snapshot);
        }

        return superseded;
    }

    private static bool IsContinued(Snapshot older, Snapshot newer) =>
        older.File == newer.Replaces && older.IsConversation && newer.IsConversation
        && older.Fingerprint == newer.Fingerprint && older.Domain == newer.Domain && older.Place == newer.Place
        && older.Chain.BlockCount <= newer.Chain.BlockCount
        && older.Chain.After(older.Chain.BlockCount) == newer.Chain.After(older.Chain.BlockCount);

    private static Key KeyOf(Snapshot snapshot) => snapshot.Trigger.Length == 0
        ? new(snapshot.Chain.Length, snapshot.Chain.End, snapshot.Place, snapshot.Fingerprint, snapshot.Domain, snapshot.Label)
        : new(0, default, snapshot.Place, snapshot.Fingerprint, snapshot.Domain, snapshot.Trigger);

    /// <summary>What differs most often comes first: every save compares all snapshots.</summary>
    private readonly record struct Key(
        int Length, Prompts.ChainHash End, string Place, string Fingerprint, string? Domain, string Trigger);
}
