using System.Collections.Frozen;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Requests;

namespace Bioproxy.Host.Cluster.Catalogue;

/// <summary>What a proxy's catalogue consists of.</summary>
internal sealed class CatalogueParts
{
    private readonly SnapshotStore _store;
    private readonly SnapshotEntries _snapshots;
    private readonly FingerprintEntries _fingerprints;
    private readonly FrozenDictionary<string, ICataloguePart> _byKind;

    public CatalogueParts(
        SnapshotStore store, FingerprintProbe fingerprints, RatesByModel rates, CataloguePublisher publisher,
        ConversationTracker conversations, PlaceNames places, TimeProvider time)
    {
        _store = store;
        _snapshots = new SnapshotEntries(store, places, publisher);
        _fingerprints = new FingerprintEntries(fingerprints, store, publisher);
        All =
        [
            _fingerprints,
            _snapshots,
            new PinEntries(store, publisher, time),
            new RateEntries(rates, publisher),
            new LoadedEntries(store, publisher, time),
            new OpeningEntries(conversations, publisher, time),
        ];
        _byKind = All.ToFrozenDictionary(static part => part.Kind, StringComparer.Ordinal);
    }

    public IReadOnlyList<ICataloguePart> All { get; }

    public ICataloguePart? Find(string kind) => _byKind.GetValueOrDefault(kind);

    /// <summary>Before anything is loaded.</summary>
    public void Prepare(CataloguePublisher publisher) => _store.Share(_snapshots, () => publisher.SavingProblem);

    /// <summary>Everything is loaded.</summary>
    public void Loaded() => _fingerprints.UseClasses();
}
