using System.Collections.Immutable;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// The snapshots of one fingerprint and domain. Immutable. They are found by the hash of their last full block, and by waypoints: every
/// few blocks a longer snapshot can be found by what it shares with a prompt.
/// </summary>
internal sealed class SnapshotGroup
{
    /// <summary>Blocks between two waypoints (2 KB: the instructions and tools of a small agent pass one).</summary>
    public const int Waypoint = 2;

    private readonly ImmutableDictionary<ChainHash, ImmutableArray<SnapshotTail>> _byLastBlock;

    /// <summary>All snapshots that pass a waypoint, the newest last.</summary>
    private readonly ImmutableDictionary<ChainHash, ImmutableArray<Snapshot>> _byWaypoint;

    private SnapshotGroup(
        ImmutableDictionary<ChainHash, ImmutableArray<SnapshotTail>> byLastBlock,
        ImmutableDictionary<ChainHash, ImmutableArray<Snapshot>> byWaypoint)
    {
        _byLastBlock = byLastBlock;
        _byWaypoint = byWaypoint;
    }

    public static SnapshotGroup Empty { get; } = Of([]);

    public bool IsEmpty => _byLastBlock.IsEmpty;

    public static SnapshotGroup Of(IReadOnlyCollection<Snapshot> snapshots) => new(
        snapshots.GroupBy(LastBlock).ToImmutableDictionary(group => group.Key, TailsOf),
        snapshots.OrderBy(s => s.Created)
            .SelectMany(s => WaypointsOf(s.Chain), (snapshot, waypoint) => (Snapshot: snapshot, Waypoint: waypoint))
            .GroupBy(pass => pass.Waypoint, pass => pass.Snapshot)
            .ToImmutableDictionary(group => group.Key, group => group.ToImmutableArray()));

    public SnapshotGroup With(Snapshot snapshot)
    {
        var tails = _byLastBlock.GetValueOrDefault(LastBlock(snapshot), []);
        var at = IndexOf(tails, snapshot.Chain.TailLength);
        tails = at >= 0
            ? tails.SetItem(at, tails[at].With(snapshot))
            : tails.Insert(~at, new SnapshotTail(snapshot.Chain.TailLength, [snapshot]));
        var waypoints = _byWaypoint.ToBuilder();
        foreach (var block in WaypointsOf(snapshot.Chain))
            waypoints[block] = Insert(_byWaypoint.GetValueOrDefault(block, []), snapshot);
        return new(_byLastBlock.SetItem(LastBlock(snapshot), tails), waypoints.ToImmutable());
    }

    public SnapshotGroup Without(Snapshot snapshot)
    {
        var tails = _byLastBlock[LastBlock(snapshot)];
        var at = IndexOf(tails, snapshot.Chain.TailLength);
        tails = tails[at].Without(snapshot) is { } left ? tails.SetItem(at, left) : tails.RemoveAt(at);
        var waypoints = _byWaypoint.ToBuilder();
        foreach (var block in WaypointsOf(snapshot.Chain))
        {
            if (waypoints[block] is { Length: > 1 } several)
                waypoints[block] = several.Remove(snapshot, ReferenceComparer.Instance);
            else
                waypoints.Remove(block);
        }

        var byLastBlock = tails.IsEmpty ? _byLastBlock.Remove(LastBlock(snapshot)) : _byLastBlock.SetItem(LastBlock(snapshot), tails);
        return new(byLastBlock, waypoints.ToImmutable());
    }

    /// <summary>The longest snapshot that has this many full blocks of the prompt and whose remaining text the prompt continues
    /// with.</summary>
    public Snapshot? Longest(CanonicalPrompt prompt, int blocks)
    {
        var block = prompt.Chain.After(blocks);
        if (!_byLastBlock.TryGetValue(block, out var tails))
            return null;
        var start = blocks * PromptChain.BlockSize;
        return prompt.IsOutline
            ? blocks == 0 ? null : SnapshotTail.Longest(tails.AsSpan(), prompt.Chain.Length - start, prompt.Chain.End)
            : SnapshotTail.Longest(tails.AsSpan(), prompt.Text[start..], block);
    }

    /// <summary>Blocks of the prompt up to the last waypoint that some snapshot passes, too. Bisected: who passes a waypoint of the prompt
    /// has passed all those before it.</summary>
    public int SharedBlocks(PromptChain prompt)
    {
        var (low, high) = (0, prompt.BlockCount / Waypoint);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_byWaypoint.ContainsKey(prompt.After(middle * Waypoint)))
                low = middle;
            else
                high = middle - 1;
        }

        return low * Waypoint;
    }

    /// <summary>Blocks of a snapshot that a newer one shares, as far as waypoints tell. Bisected: a newer one that passes a waypoint has
    /// passed all those before it.</summary>
    public int CoveredBlocks(Snapshot snapshot)
    {
        var (low, high) = (0, snapshot.Chain.BlockCount / Waypoint);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_byWaypoint.TryGetValue(snapshot.Chain.After(middle * Waypoint), out var all) && !ReferenceEquals(all[^1], snapshot))
                low = middle;
            else
                high = middle - 1;
        }

        return low * Waypoint;
    }

    /// <summary>The newest snapshot that passes this waypoint, which some snapshot must pass.</summary>
    public Snapshot Through(ChainHash block) => _byWaypoint[block][^1];

    private static ImmutableArray<SnapshotTail> TailsOf(IEnumerable<Snapshot> snapshots) =>
        [.. snapshots.GroupBy(s => s.Chain.TailLength).OrderBy(g => g.Key).Select(g => new SnapshotTail(g.Key, [.. g]))];

    /// <summary>Where the tail of this length is, or the complement of where it belongs: the shortest come first.</summary>
    private static int IndexOf(ImmutableArray<SnapshotTail> tails, int length)
    {
        var (low, high) = (0, tails.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (tails[middle].Length < length)
                low = middle + 1;
            else
                high = middle;
        }

        return low < tails.Length && tails[low].Length == length ? low : ~low;
    }

    private static ImmutableArray<Snapshot> Insert(ImmutableArray<Snapshot> byAge, Snapshot snapshot)
    {
        var at = byAge.Length;
        while (at > 0 && byAge[at - 1].Created > snapshot.Created)
            at--;
        return byAge.Insert(at, snapshot);
    }

    private static ChainHash LastBlock(Snapshot snapshot) => snapshot.Chain.After(snapshot.Chain.BlockCount);

    private static IEnumerable<ChainHash> WaypointsOf(PromptChain chain)
    {
        for (var blocks = Waypoint; blocks <= chain.BlockCount; blocks += Waypoint)
            yield return chain.After(blocks);
    }

    /// <summary>Snapshots are records: comparing their members would be slow.</summary>
    private sealed class ReferenceComparer : IEqualityComparer<Snapshot>
    {
        public static ReferenceComparer Instance { get; } = new();

        public bool Equals(Snapshot? x, Snapshot? y) => ReferenceEquals(x, y);

        public int GetHashCode(Snapshot obj) => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(obj);
    }
}
