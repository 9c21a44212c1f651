using System.Text;
using Bioproxy.Host.Cluster;
using Bioproxy.Host.Cluster.Catalogue;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Requests;
using Bioproxy.UnitTests.Models.Snapshots;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Cluster;

/// <summary>What one proxy of a cluster has of the catalogue: a state folder of its own, and a slot folder that it shares.</summary>
internal sealed class CatalogueProxy : IDisposable
{
    public const int Bytes = 70;

    private readonly FakeHub _hub;

    public CatalogueProxy(FakeHub hub, string folder, string name, string? slots, FakeTimeProvider time)
    {
        (_hub, Name, Time) = (hub, name, time);
        var state = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        Options = new ProxyOptions { BaseDirectory = folder, StateDirectory = state, KvMinFreeBytes = 0, KvDirectory = slots };
        Start();
    }

    public string Name { get; }

    public FakeTimeProvider Time { get; }

    public ProxyOptions Options { get; set; }

    public StateFolder Folder => new(Options);

    public SnapshotStore Store { get; private set; } = null!;

    public FingerprintProbe Fingerprints { get; private set; } = null!;

    public RatesByModel Rates { get; private set; } = null!;

    public RecentPrompts Recent { get; private set; } = null!;

    public ConversationTracker Conversations { get; private set; } = null!;

    public SharedCatalogue Catalogue { get; private set; } = null!;

    public FakeCluster Cluster { get; private set; } = null!;

    public IReadOnlyList<string> Files => [.. Store.All.Select(s => s.File).Order(StringComparer.Ordinal)];

    /// <summary>As after a kill.</summary>
    public void Restart()
    {
        Dispose();
        _hub.Leave(Cluster);
        Start();
    }

    /// <summary>Saves a state whose file says what it is.</summary>
    public Snapshot Save(string text, string trigger = "", string? replaces = null)
    {
        var snapshot = Describe(Store.TakeName(), text, trigger) with { Replaces = replaces };
        if (Options.KvDirectory is { } slots)
            File.WriteAllText(Path.Combine(slots, snapshot.File), snapshot.File.PadRight(Bytes), Encoding.ASCII);
        Store.Add(snapshot);
        return snapshot;
    }

    public Snapshot Describe(string file, string text, string trigger = "") =>
        StoreFixture.Of(file, text, trigger) with { Created = Time.GetUtcNow(), Bytes = Bytes };

    public Snapshot? Find(string file) => Store.Index.Find(file);

    public void Dispose()
    {
        Catalogue.Dispose();
        Recent.Dispose();
    }

    private void Start()
    {
        Store = new SnapshotStore(Folder, Options, Time, NullLogger<SnapshotStore>.Instance);
        Fingerprints = new FingerprintProbe(Folder, Time, NullLogger<FingerprintProbe>.Instance);
        Rates = new RatesByModel(Time);
        Recent = new RecentPrompts();
        Conversations = new ConversationTracker(Recent);
        var publisher = new CataloguePublisher();
        var parts = new CatalogueParts(
            Store, Fingerprints, Rates, publisher, Conversations, new PlaceNames(Options, Store.Places), Time);
        Catalogue = new SharedCatalogue(
            publisher, parts, Time, NullLogger<SharedCatalogue>.Instance);
        Catalogue.Prepare();
        Store.Load();
        Fingerprints.Load();
        Store.Reconcile();
        Store.CleanUp();
        Cluster = _hub.Join(Name);
        Catalogue.Start(Cluster);
        _hub.Connect(Cluster, Catalogue);
    }
}
