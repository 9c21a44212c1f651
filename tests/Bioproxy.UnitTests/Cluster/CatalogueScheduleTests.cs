using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.UnitTests.Cluster;

/// <summary>Three proxies over one slot folder, under random schedules: messages are late, doubled, lost and out of order, proxies are
/// killed, and the shared state is lost now and then.</summary>
public sealed class CatalogueScheduleTests : IDisposable
{
    private const int Steps = 2000;
    private readonly CatalogueFixture _fixture = new();
    private readonly HashSet<string> _given = new(StringComparer.Ordinal);
    private readonly List<(CatalogueProxy Proxy, SnapshotStore Store, Snapshot Snapshot)> _held = [];

    public static TheoryData<int> Schedules => Seeds.Of(2, 20);

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [MemberData(nameof(Schedules))]
    public void Proxies_RandomSchedule_AgreeInTheEndAndNoFileStandsForAnotherState(int seed)
    {
        var random = new Random(seed);
        CatalogueProxy[] proxies =
        [
            _fixture.Add("one"), _fixture.Add("two", TimeSpan.FromSeconds(20)), _fixture.Add("three", TimeSpan.FromSeconds(-20)),
        ];
        foreach (var proxy in proxies)
        {
            proxy.Options = proxy.Options with { KvMaxSnapshots = 25 };
            proxy.Restart();
        }

        for (var step = 0; step < Steps; step++)
        {
            Step(proxies[random.Next(proxies.Length)], random);
            for (var i = random.Next(5); i > 0; i--)
                _fixture.Hub.DeliverOne(random);
        }

        while (_held.Count > 0)
            LetGo(0);
        _fixture.Hub.DeliverAll();
        foreach (var proxy in proxies)
        {
            proxy.Cluster.CanSave = true;
            proxy.Store.CleanUp(); // what two saved that did not know of each other
            _fixture.Hub.DeliverAll();
        }

        foreach (var proxy in proxies)
        {
            Assert.Equal(proxies[0].Files, proxy.Files);
            Assert.Equal(
                proxies[0].Files.Where(proxies[0].Store.Pins.Contains), proxy.Files.Where(proxy.Store.Pins.Contains));
            Assert.Equal(proxy.Files.Select(file => file + ".json"), Sidecars(proxy));
        }

        Assert.NotEmpty(proxies[0].Files);
        Assert.All(proxies[0].Files, file => Assert.True(IsThere(file), $"{file} is live, and its file is gone"));
    }

    private void Step(CatalogueProxy proxy, Random random)
    {
        _fixture.Advance(TimeSpan.FromSeconds(random.Next(1, 30)));
        switch (random.Next(100))
        {
            case < 30:
                Save(proxy, random);
                break;
            case < 55 when Any(proxy, random) is { } snapshot && proxy.Store.TryHold(snapshot):
                _held.Add((proxy, proxy.Store, snapshot));
                break;
            case < 75 when _held.Count > 0:
                LetGo(random.Next(_held.Count));
                break;
            case < 82 when Any(proxy, random) is { } snapshot:
                proxy.Store.Remove(snapshot);
                break;
            case < 85 when Any(proxy, random) is { } snapshot:
                proxy.Store.Quarantine(snapshot, "it had no effect");
                break;
            case < 90 when Any(proxy, random) is { } snapshot:
                proxy.Store.Pins.Set(snapshot.File, isPinned: random.Next(3) > 0);
                break;
            case < 94:
                proxy.Store.CleanUp();
                break;
            case < 96:
                _held.RemoveAll(one => one.Proxy == proxy);
                proxy.Restart();
                break;
            case 96:
                _fixture.Hub.Rebuild();
                break;
            default:
                proxy.Cluster.CanSave = !proxy.Cluster.CanSave;
                break;
        }
    }

    private void Save(CatalogueProxy proxy, Random random)
    {
        if (!proxy.Store.MaySave)
            return;
        var before = proxy.Store.All.FirstOrDefault(s => s.IsConversation && s.Chain.Length > 20);
        var saved = random.Next(4) switch
        {
            0 => proxy.Save($"template {random.Next(3)}", $"@t{random.Next(3)}"),
            1 when before is not null => proxy.Save($"conversation {random.Next(1000)}", replaces: before.File),
            _ => proxy.Save($"conversation {random.Next(1000)}"),
        };
        Assert.True(_given.Add(saved.File), $"{saved.File} was given out twice");
        proxy.Store.MakeRoom(CatalogueProxy.Bytes);
    }

    /// <summary>As a restore: the file is looked at while it is held.</summary>
    private void LetGo(int at)
    {
        var (_, store, snapshot) = _held[at];
        _held.RemoveAt(at);
        if (store.HasFile(snapshot))
        {
            Assert.Equal(snapshot.File, File.ReadAllText(Path.Combine(_fixture.Slots, snapshot.File)).TrimEnd());
            store.MarkUsed(snapshot);
        }
        else
        {
            store.ReportMissing(snapshot);
        }

        store.LetGo(snapshot);
    }

    private bool IsThere(string file) => File.Exists(Path.Combine(_fixture.Slots, file));

    private static Snapshot? Any(CatalogueProxy proxy, Random random) =>
        proxy.Files is { Count: > 0 } files ? proxy.Find(files[random.Next(files.Count)]) : null;

    private static IEnumerable<string> Sidecars(CatalogueProxy proxy) =>
        Directory.GetFiles(proxy.Folder.Snapshots, "*.json").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);
}
