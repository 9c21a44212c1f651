using Bioproxy.Cluster.Messages;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;
using Bioproxy.UnitTests.Models.Snapshots;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Cluster;

/// <summary>What one proxy saves, restores, removes and pins, the others know.</summary>
public sealed class SharedCatalogueTests : IDisposable
{
    private readonly CatalogueFixture _fixture = new();
    private readonly CatalogueProxy _one;
    private readonly CatalogueProxy _two;

    public SharedCatalogueTests() => (_one, _two) = (_fixture.Add("one"), _fixture.Add("two"));

    private FakeHub Hub => _fixture.Hub;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Save_ByOneProxy_IsFoundByTheOtherAlsoAfterItsRestart()
    {
        var saved = _one.Save("a conversation");
        Hub.DeliverAll();

        using var prompt = TestPrompts.Of("a conversation goes on");
        Assert.Equal(saved.File, _two.Store.Find(prompt, "model", "").Whole?.File);
        Hub.Rebuild(); // nothing of it is in the hub any more
        _two.Restart();
        Assert.Equal(saved.File, _two.Store.Find(prompt, "model", "").Whole?.File);
    }

    [Fact]
    public void Merge_OwnAndOthersEntries_PublishesNothing()
    {
        var snapshot = _one.Save("text");
        _one.Store.Pins.Set(snapshot.File, isPinned: true);
        _one.Store.MarkUsed(snapshot);
        var removed = _one.Save("another");
        _one.Store.Remove(removed);
        Hub.Published.Clear();

        Hub.DeliverAll();

        Assert.Empty(Hub.Published);
        Assert.True(_two.Store.Pins.Contains(snapshot.File));
        Assert.Null(_two.Find(removed.File));
    }

    [Fact]
    public void MarkUsed_ByOneProxy_IsTheLastUseForTheOther()
    {
        var snapshot = _one.Save("text");
        Hub.DeliverAll();
        _fixture.Advance(TimeSpan.FromHours(3));

        _two.Store.MarkUsed(_two.Find(snapshot.File)!);
        Hub.DeliverAll();

        Assert.Equal(_two.Time.GetUtcNow(), _one.Store.Describe(snapshot).LastUsed);
        _one.Restart();
        Assert.Equal(_two.Time.GetUtcNow(), _one.Store.Describe(_one.Find(snapshot.File)!).LastUsed);
    }

    [Fact]
    public void Remove_ByOneProxy_TheSidecarsAndTheFileAreGone()
    {
        var snapshot = _one.Save("text");
        Hub.DeliverAll();

        _two.Store.Remove(_two.Find(snapshot.File)!);
        Hub.DeliverAll();

        Assert.Empty(_one.Files);
        Assert.Empty(_fixture.SlotFiles);
        Assert.Empty(Directory.GetFiles(_one.Folder.Snapshots));
        Assert.Empty(Directory.GetFiles(_two.Folder.Snapshots));
    }

    /// <summary>A use that was on its way is no reason to believe in a file that is gone.</summary>
    [Fact]
    public void Remove_WhileTheOtherRestoresIt_IsFinalForAll()
    {
        var ahead = _fixture.Add("ahead", TimeSpan.FromMinutes(1)); // its use looks later than the removal
        var snapshot = _one.Save("text");
        Hub.DeliverAll();

        ahead.Store.MarkUsed(ahead.Find(snapshot.File)!);
        _one.Store.Remove(snapshot);
        Hub.DeliverAll();

        Assert.Empty(_one.Files);
        Assert.Empty(_two.Files);
        Assert.Empty(ahead.Files);
        Assert.Null(Assert.Single(Hub.State, entry => entry.Key == $"snapshot/{snapshot.File}").Value);
    }

    [Fact]
    public void Remove_OfASnapshotThatAnotherHolds_ItsFileIsTheOldOneOrGone()
    {
        var snapshot = _one.Save("text");
        Hub.DeliverAll();
        var held = _two.Find(snapshot.File)!;
        Assert.True(_two.Store.TryHold(held));

        _one.Store.Remove(snapshot);
        Hub.DeliverAll();
        var next = Enumerable.Range(0, 20).Select(i => _one.Save($"next {i}").File).ToList();

        Assert.DoesNotContain(snapshot.File, next);
        Assert.Null(_two.Find(snapshot.File));
        _two.Store.LetGo(held);
        Assert.Equal(next.Order(StringComparer.Ordinal), _fixture.SlotFiles);
    }

    [Fact]
    public void Quarantine_ByOneProxy_IsRemovedFromTheOther()
    {
        var snapshot = _one.Save("text");
        Hub.DeliverAll();

        _two.Store.Quarantine(_two.Find(snapshot.File)!, "it had no effect");
        Hub.DeliverAll();

        Assert.Empty(_one.Files);
        Assert.Empty(_one.Store.Quarantined);
        Assert.Single(_two.Store.Quarantined);
    }

    [Fact]
    public void CleanUp_TooManyTogether_EvictsTheOldestOfAllProxiesAndNothingHeldHere()
    {
        var held = _one.Save("held");
        _fixture.Advance(TimeSpan.FromMinutes(1));
        _two.Save("of the other");
        _fixture.Advance(TimeSpan.FromMinutes(1));
        _one.Save("newest");
        Hub.DeliverAll();
        _two.Options = _two.Options with { KvMaxSnapshots = 1 };

        _two.Restart();
        Assert.Equal(3, _two.Store.Count);
        Assert.True(_two.Store.TryHold(_two.Find(held.File)!));
        _two.Store.CleanUp();
        Hub.DeliverAll();

        Assert.Equal([held.File], _one.Files);
        Assert.Equal([held.File], _fixture.SlotFiles);
    }

    [Fact]
    public async Task Remove_WhoRemovesDoesNotReachTheFolder_WhoDoesFreesTheBytes()
    {
        var blind = _fixture.Add("blind", seesFolder: false);
        var server = new StoreFixture.Shrinker();
        var owner = _fixture.Add("owner", seesFolder: false);
        owner.Store.Use("", server);
        var snapshot = _one.Save("text");
        Hub.DeliverAll();

        blind.Store.Remove(blind.Find(snapshot.File)!);
        Hub.DeliverAll();
        await owner.Store.WhenDiscarded().DefaultTimeout();

        Assert.Empty(_fixture.SlotFiles);
        Assert.Equal([snapshot.File], server.Files);
    }

    [Fact]
    public void Save_SameTemplateByTwoThatDidNotKnow_OneOfThemStaysAndAllAgree()
    {
        var first = _one.Save("template", "@code");
        var second = _two.Save("template", "@code");
        Hub.DeliverAll();
        Assert.Equal(2, _one.Store.Count);

        _one.Store.CleanUp();
        _two.Store.CleanUp();
        Hub.DeliverAll();

        var kept = string.CompareOrdinal(first.File, second.File) > 0 ? first : second; // of one moment
        Assert.Equal([kept.File], _one.Files);
        Assert.Equal([kept.File], _two.Files);
        Assert.Equal([kept.File], _fixture.SlotFiles);
    }

    [Fact]
    public void Pin_OnOneProxy_StaysWhateverTheOtherEvicts()
    {
        var snapshot = _one.Save("text");
        Hub.DeliverAll();
        _two.Store.Pins.Set(snapshot.File, isPinned: true);
        Hub.DeliverAll();
        _fixture.Advance(TimeSpan.FromDays(400));

        _one.Store.CleanUp();
        Assert.Equal([snapshot.File], _one.Files);

        _one.Store.Pins.Set(snapshot.File, isPinned: false);
        Hub.DeliverAll();
        _two.Store.CleanUp();
        Assert.Empty(_two.Files);
    }

    [Fact]
    public void Rates_MeasuredByOneProxy_AreAssumedByTheOther()
    {
        var measured = new LearnedRates(_one.Rates);
        measured.Begin("model");
        measured.Prefilled(4000, 1);
        var fresh = new LearnedRates(_two.Rates);
        fresh.Begin("model");
        Hub.DeliverAll();
        Assert.Equal(Rates.Initial, fresh.Now);

        _fixture.Advance(TimeSpan.FromSeconds(30));
        Hub.DeliverAll();
        Assert.Equal(Rates.Initial with { Prefill = 4000 }, fresh.Now);

        Hub.Published.Clear();
        _fixture.Advance(TimeSpan.FromMinutes(5));
        Assert.Empty(Hub.Published); // nothing has changed

        fresh.Prefilled(1000, 1);
        measured.Prefilled(40_000, 1);
        _fixture.Advance(TimeSpan.FromSeconds(30));
        Hub.DeliverAll();
        Assert.Equal(1000, fresh.Now.Prefill, 6);
    }

    [Fact]
    public void MaySave_ClusterCannot_SaysWhyAndCleansUpNothing()
    {
        _one.Save("text");
        Assert.True(_one.Store.MaySave);
        _fixture.Advance(TimeSpan.FromDays(400));

        (_one.Cluster.CanSave, _one.Cluster.Problem) = (false, "Redis does not answer");

        Assert.False(_one.Store.MaySave);
        Assert.Equal("Redis does not answer", _one.Store.SavingProblem);
        Assert.Empty(_one.Store.CleanUp());
        _one.Cluster.CanSave = true;
        Assert.True(_one.Store.MaySave);
        Assert.Single(_one.Store.CleanUp());
    }

    /// <summary>A title's system message, which one proxy has seen beside a conversation.</summary>
    [Fact]
    public void Openings_LearnedByOneProxy_AreRecognisedByTheOther()
    {
        Recognise(_one, 0, "one", "Titles.");
        Recognise(_one, 3, "one", "Agent.");
        Assert.Equal(SideKind.None, Recognise(_two, 0, "two", "Titles."));

        Hub.DeliverAll();

        Assert.Equal(SideKind.Beside, Recognise(_two, 0, "three", "Titles."));
        Hub.Rebuild();
        Hub.DeliverAll();
        _two.Restart();
        Assert.Equal(SideKind.Beside, Recognise(_two, 0, "four", "Titles."));

        static SideKind Recognise(CatalogueProxy proxy, int tools, string session, string system)
        {
            var names = string.Join(',', Enumerable.Range(0, tools).Select(i => $$"""{"name":"tool{{i}}"}"""));
            var prompt = TestPrompts.Chat(
                $$"""{"tools":[{{names}}],"messages":[{"role":"system","content":"{{system}}"},{"role":"user","content":"q"}]}""",
                session: session);
            prompt.Side = proxy.Conversations.Recognise(prompt, isSubAgent: false);
            proxy.Conversations.Keep(prompt);
            return prompt.Side;
        }
    }

    /// <summary>Two machines: what the own servers of one save is not in the folders of the other, although both call them the
    /// same.</summary>
    [Fact]
    public void Save_InAPlaceOfOneMachine_ConcernsThoseWhoHaveTheSameServer()
    {
        OnMachine(_one, "10.0.0.1");
        OnMachine(_two, "10.0.0.2");
        var common = Add(_one, "backend:common");
        Add(_one, "backend:own");
        Add(_one, _one.Store.Places.Of(_one.Options.PoolBackends[0]));

        Hub.DeliverAll();

        Assert.Equal([common], _two.Files);
        Assert.Equal("backend:common", _two.Find(common)!.Place);
        Assert.Equal(3, _one.Store.Count);
        OnMachine(_two, "10.0.0.1");
        Assert.Equal(2, _two.Store.Count);

        static string Add(CatalogueProxy proxy, string place)
        {
            var snapshot = proxy.Describe(proxy.Store.TakeName(), place) with { Place = place };
            proxy.Store.Add(snapshot);
            return snapshot.File;
        }

        static void OnMachine(CatalogueProxy proxy, string address)
        {
            proxy.Options = proxy.Options with
            {
                ClusterValues = new ClusterSettings { Redis = "redis:6379", Advertise = $"{address}:11111" },
                Backends = [new("common", new("http://10.0.0.9:8080")), new("own", new("http://127.0.0.1:8080"))],
                Pool = new PoolOptions { Models = [new PoolModelOptions("pooled")] },
            };
            proxy.Restart();
        }
    }

    [Theory]
    [InlineData("snapshot/../x.bin")]
    [InlineData("snapshot/s.bin")]
    [InlineData("fingerprint/../../x")]
    [InlineData("rates/model")]
    [InlineData("of-a-newer-version/x")]
    [InlineData("no slash")]
    public void Merge_EntryThatIsNotUnderstood_IsLeftOut(string key)
    {
        _one.Catalogue.Merge([new CatalogueEntry { Key = key, Value = "[1"u8.ToArray(), At = _one.Time.GetUtcNow() }]);

        Assert.Empty(_one.Files);
        Assert.Empty(_one.Fingerprints.Known);
    }

    [Fact]
    public void Merge_SidecarUnderAnotherKey_IsLeftOut()
    {
        var snapshot = _one.Save("text");
        var entry = Assert.Single(_one.Catalogue.Entries);

        _two.Catalogue.Merge([new CatalogueEntry { Key = "snapshot/other.bin", Value = entry.Value, At = entry.At }]);

        Assert.Empty(_two.Files);
        Assert.Equal($"snapshot/{snapshot.File}", entry.Key);
    }

    [Fact]
    public void LoadedFingerprints_ModelIsLoadedElsewhere_ItsTemplatesStayHereToo()
    {
        _one.Store.Triggers = _two.Store.Triggers = new HashSet<string> { "@code" };
        var template = _one.Save("template", "@code");
        using var loaded = _one.Store.MarkLoaded("model");
        using var other = _two.Store.MarkLoaded("other");
        _fixture.Advance(TimeSpan.FromMinutes(1));
        Hub.DeliverAll();
        Assert.True(_two.Store.Describe(_two.Find(template.File)!).IsPinned);

        loaded.Dispose();
        _fixture.Advance(TimeSpan.FromHours(1));

        Assert.False(_two.Store.Describe(_two.Find(template.File)!).IsPinned);
    }
}
