using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.Models.Snapshots;

/// <summary>Making room, and what stays because its model is loaded.</summary>
public sealed class SnapshotStoreEvictionTests : IDisposable
{
    private readonly StoreFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void MakeRoom_AllPlacesAreTaken_EvictsTheLeastValuable()
    {
        _fixture.Options = _fixture.Options with { KvMaxSnapshots = 2, KvMaxAge = TimeSpan.MaxValue };
        var store = Filled();

        Assert.Empty(store.CleanUp());
        var evicted = store.MakeRoom(70);

        Assert.Equal(["a.bin: too many snapshots (kv.max_snapshots)"], evicted.Select(e => $"{e.Snapshot.File}: {e.Reason}"));
        Assert.Equal(["b.bin"], store.All.Select(s => s.File));
    }

    [Fact]
    public void MakeRoom_CalledAgain_DecidesByWhatIsThereThen()
    {
        _fixture.Options = _fixture.Options with { KvMaxSnapshots = 2, KvMaxAge = TimeSpan.MaxValue };
        var store = Filled();
        store.MakeRoom(70);

        Assert.Empty(store.MakeRoom(70)); // the room was not used
        StoreFixture.Add(store, "c.bin", "c", day: 3);
        Assert.Equal(["b.bin"], store.MakeRoom(70).Select(e => e.Snapshot.File));
    }

    [Fact]
    public void Find_AfterAChange_KnowsTheChange()
    {
        var store = _fixture.Load();
        using var prompt = CanonicalPrompt.Copy("abc"u8);
        Assert.Null(store.Find(prompt, "model", "").Whole);

        var snapshot = StoreFixture.Of("a.bin", "a") with { Chain = PromptChain.Of("ab"u8) };
        store.Add(snapshot);
        Assert.Same(snapshot, store.Find(prompt, "model", "").Whole);
        Assert.Null(store.Find(prompt, "other model", "").Whole);

        store.Remove(snapshot);
        Assert.Null(store.Find(prompt, "model", "").Whole);
    }

    [Theory]
    [InlineData(59, 0)]
    [InlineData(60, 0)]
    [InlineData(61, 1)]
    [InlineData(131, 2)]
    [InlineData(200, 2)]
    [InlineData(201, 0)] // no eviction makes it fit
    public void MakeRoom_ForManyBytes_EvictsUntilTheyFit(long bytes, int evicted)
    {
        _fixture.Options = _fixture.Options with { KvMaxBytes = 200, KvMaxAge = TimeSpan.MaxValue };

        Assert.Equal(evicted, Filled().MakeRoom(bytes).Count);
    }

    [Fact]
    public void MakeRoom_SomeAreHeld_TheyStay()
    {
        _fixture.Options = _fixture.Options with { KvMaxSnapshots = 1, KvMaxAge = TimeSpan.MaxValue };
        var store = Filled();
        Assert.True(store.TryHold(store.Index.Find("a.bin")!));

        Assert.Equal(["b.bin"], store.MakeRoom(70).Select(e => e.Snapshot.File));
    }

    [Fact]
    public void Describe_ModelsAreLoaded_TheirTemplatesStay()
    {
        _fixture.Options = _fixture.Options with { Prefixes = [new("@code", "code.txt")] };
        var store = _fixture.Load();
        var template = StoreFixture.Add(store, "t.bin", "template", "@code");
        var removed = StoreFixture.Add(store, "r.bin", "template", "@removed");
        var conversation = StoreFixture.Add(store, "c.bin", "conversation");

        Assert.Empty(store.LoadedFingerprints);
        Assert.Equal([(true, true), (false, true), (false, true)], Described()); // every template may be of the model that comes
        using var other = store.MarkLoaded("other");
        Assert.Equal([(false, false), (false, false), (false, false)], Described());
        var first = store.MarkLoaded("model");
        var second = store.MarkLoaded("model");
        first.Dispose();
        Assert.Equal([(true, true), (false, true), (false, true)], Described());
        Assert.Equal(["model", "other"], store.LoadedFingerprints.Order(StringComparer.Ordinal));
        second.Dispose();
        Assert.Equal([(false, false), (false, false), (false, false)], Described());

        IEnumerable<(bool, bool)> Described() =>
            new[] { template, removed, conversation }.Select(store.Describe).Select(stored => (stored.IsPinned, stored.FitsModel));
    }

    private SnapshotStore Filled()
    {
        var store = _fixture.Load();
        StoreFixture.Add(store, "a.bin", "a", day: 1);
        StoreFixture.Add(store, "b.bin", "b", day: 2);
        return store;
    }
}
