using System.Collections.Immutable;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// Finds snapshots by prompt prefix. Immutable: adding or removing gives a new index that shares everything untouched with the old one, so
/// readers need no lock and two look-ups in one index agree with each other.
/// </summary>
internal sealed class SnapshotIndex
{
    private readonly ImmutableDictionary<string, Snapshot> _byFile;
    private readonly ImmutableDictionary<GroupKey, SnapshotGroup> _groups;

    private SnapshotIndex(
        ImmutableDictionary<string, Snapshot> byFile, ImmutableDictionary<GroupKey, SnapshotGroup> groups, FingerprintClasses classes)
    {
        _byFile = byFile;
        _groups = groups;
        Classes = classes;
    }

    /// <summary>The fingerprints whose snapshots are found for one another.</summary>
    public FingerprintClasses Classes { get; }

    public static SnapshotIndex Empty { get; } = Of([]);

    /// <summary>All snapshots, in no particular order.</summary>
    public IReadOnlyList<Snapshot> All => [.. _byFile.Values];

    public int Count => _byFile.Count;

    /// <summary>An index of these snapshots, whose file names differ. Cheaper than adding them one by one.</summary>
    public static SnapshotIndex Of(IReadOnlyCollection<Snapshot> snapshots, FingerprintClasses? classes = null)
    {
        classes ??= FingerprintClasses.None;
        return new(
            snapshots.ToImmutableDictionary(s => s.File, StringComparer.Ordinal),
            snapshots.GroupBy(snapshot => KeyOf(snapshot, classes))
                .ToImmutableDictionary(group => group.Key, group => SnapshotGroup.Of([.. group])),
            classes);
    }

    /// <summary>The snapshot stored under this file name.</summary>
    public Snapshot? Find(string file) => _byFile.GetValueOrDefault(file);

    public bool Contains(Snapshot snapshot) => ReferenceEquals(Find(snapshot.File), snapshot);

    /// <summary>The index with this snapshot added; it replaces one of the same file name.</summary>
    public SnapshotIndex With(Snapshot snapshot)
    {
        var rest = Find(snapshot.File) is { } replaced ? Without(replaced) : this;
        var key = KeyOf(snapshot);
        var group = rest._groups.GetValueOrDefault(key, SnapshotGroup.Empty).With(snapshot);
        return new(rest._byFile.Add(snapshot.File, snapshot), rest._groups.SetItem(key, group), Classes);
    }

    /// <summary>The index without this snapshot, which it must contain.</summary>
    public SnapshotIndex Without(Snapshot snapshot)
    {
        var key = KeyOf(snapshot);
        var group = _groups[key].Without(snapshot);
        return new(_byFile.Remove(snapshot.File), group.IsEmpty ? _groups.Remove(key) : _groups.SetItem(key, group), Classes);
    }

    /// <summary>The snapshot that stands for the longest exact prefix of the prompt, valid for this fingerprint, in this place and open to
    /// the prompt's domain. Of two equally long ones the prompt's own domain goes first.</summary>
    public Snapshot? Best(CanonicalPrompt prompt, string fingerprint, string place = "")
    {
        var (shared, own) = GroupsFor(prompt, fingerprint, place);
        if (shared is null && own is null)
            return null;
        var chain = prompt.Chain;
        var shares = Math.Max(shared?.SharedBlocks(chain) ?? 0, own?.SharedBlocks(chain) ?? 0);
        for (var blocks = Math.Min(chain.BlockCount, shares + SnapshotGroup.Waypoint - 1); blocks >= 0; blocks--)
        {
            var best = shared?.Longest(prompt, blocks);
            if (own?.Longest(prompt, blocks) is { } mine && mine.Chain.Length >= (best?.Chain.Length ?? 0))
                best = mine;
            if (best is not null)
                return best;
        }

        return null;
    }

    /// <summary>The newest snapshot that shares a long prefix with the prompt and differs after it (an edited question): the model has to
    /// roll back in its state. Only of use where that prefix is longer than the one <see cref="Best"/> found.</summary>
    /// <returns>The snapshot, and the bytes shared: whole waypoints.</returns>
    public (Snapshot Snapshot, int Shared)? Through(CanonicalPrompt prompt, string fingerprint, string place = "")
    {
        var (shared, own) = GroupsFor(prompt, fingerprint, place);
        var (ofShared, ofOwn) = (shared?.SharedBlocks(prompt.Chain) ?? 0, own?.SharedBlocks(prompt.Chain) ?? 0);
        var blocks = Math.Max(ofShared, ofOwn);
        if (blocks * PromptChain.BlockSize <= prompt.HeadLength)
            return null;
        var group = ofOwn == blocks ? own! : shared!;
        return (group.Through(prompt.Chain.After(blocks)), blocks * PromptChain.BlockSize);
    }

    /// <summary>The part of a snapshot's text, from 0 to 1, that a newer snapshot of its fingerprint, place and domain shares.</summary>
    public double Covered(Snapshot snapshot) =>
        snapshot.Chain.Length > 0 && _groups.TryGetValue(KeyOf(snapshot), out var group)
            ? group.CoveredBlocks(snapshot) * PromptChain.BlockSize / (double)snapshot.Chain.Length
            : 0;

    private (SnapshotGroup? Shared, SnapshotGroup? Own) GroupsFor(CanonicalPrompt prompt, string fingerprint, string place) => (
        _groups.GetValueOrDefault(new(place, Classes.Of(fingerprint), null)),
        prompt.Domain is { } domain ? _groups.GetValueOrDefault(new(place, Classes.Of(fingerprint), domain)) : null);

    private GroupKey KeyOf(Snapshot snapshot) => KeyOf(snapshot, Classes);

    private static GroupKey KeyOf(Snapshot snapshot, FingerprintClasses classes) =>
        new(snapshot.Place, classes.Of(snapshot.Fingerprint), snapshot.Domain);

    private readonly record struct GroupKey(string Place, string Fingerprint, string? Domain);
}
