using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// The snapshots whose text ends the same number of bytes behind the same last full block. Immutable. Several may stand for the same text
/// (two triggers of one template): the newest serves both.
/// </summary>
internal sealed class SnapshotTail
{
    private readonly Snapshot[] _snapshots;
    private readonly Dictionary<ChainHash, Snapshot> _byEnd;

    /// <summary>Checksums of the texts, which spare their hashes; null where some snapshot has none.</summary>
    private readonly HashSet<uint>? _checks;

    public SnapshotTail(int length, Snapshot[] snapshots)
    {
        Length = length;
        _snapshots = snapshots;
        _byEnd = snapshots.GroupBy(s => s.Chain.End).ToDictionary(same => same.Key, same => same.MaxBy(s => s.Created)!);
        _checks = snapshots.All(s => s.Chain.TailCheck is not null) ? [.. snapshots.Select(s => s.Chain.TailCheck!.Value)] : null;
    }

    /// <summary>Bytes behind the last full block.</summary>
    public int Length { get; }

    public SnapshotTail With(Snapshot snapshot) => new(Length, [.. _snapshots, snapshot]);

    /// <summary>The tail without this snapshot; null when none is left.</summary>
    public SnapshotTail? Without(Snapshot snapshot) =>
        _snapshots.Length == 1 ? null : new(Length, [.. _snapshots.Where(s => !ReferenceEquals(s, snapshot))]);

    /// <summary>The longest snapshot whose text the prompt continues with.</summary>
    /// <param name="tails">What may follow the block, the shortest first: each checksum continues the one before.</param>
    /// <param name="rest">The prompt's text behind that block.</param>
    /// <param name="block">The hash up to the end of the block.</param>
    public static Snapshot? Longest(ReadOnlySpan<SnapshotTail> tails, ReadOnlySpan<byte> rest, ChainHash block)
    {
        Snapshot? longest = null;
        var (check, at) = (PromptChain.NoCheck, 0);
        foreach (var tail in tails)
        {
            if (tail.Length > rest.Length)
                break;
            (check, at) = (PromptChain.Check(check, rest[at..tail.Length]), tail.Length);
            if (tail._checks?.Contains(check) == false)
                continue;
            if (tail._byEnd.TryGetValue(ChainHash.Next(block, rest[..tail.Length]), out var found))
                longest = found;
        }

        return longest;
    }

    /// <summary>The same where the prompt's text is not known: a shorter one is taken on trust.</summary>
    /// <param name="tails">What may follow the last shared block, the shortest first.</param>
    /// <param name="rest">Bytes of the prompt behind that block.</param>
    /// <param name="end">The hash of the whole prompt.</param>
    public static Snapshot? Longest(ReadOnlySpan<SnapshotTail> tails, int rest, ChainHash end)
    {
        for (var i = tails.Length - 1; i >= 0; i--)
        {
            if (tails[i].Length > rest)
                continue;
            if (tails[i].Length < rest)
                return tails[i]._byEnd.Values.MaxBy(s => s.Created);
            if (tails[i]._byEnd.TryGetValue(end, out var same))
                return same;
        }

        return null;
    }
}
