using System.Text.Json.Nodes;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Models.Snapshots;

/// <summary>What a start reads from the state folder.</summary>
public sealed class SnapshotStoreLoadTests : IDisposable
{
    private readonly StoreFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Load_SidecarsOnDisk_AreFoundAgainAndHoldNoText()
    {
        const string Secret = "an instruction that must stay private";
        StoreFixture.Add(_fixture.Load(), "s.bin", Secret, "@code");

        var store = _fixture.Load();

        using var prompt = TestPrompts.Of(Secret + " and a question");
        Assert.Equal(("s.bin", 7, 70), store.Index.Best(prompt, "model") is { } found ? (found.File, found.Tokens, found.Bytes) : default);
        Assert.DoesNotContain("instruction", File.ReadAllText(SidecarPath()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""
        {"version":99,"file":"x","prefix":"@c","identity":"m","tokens":1,"tokens_hash":"h","text_length":1,"blocks":[],
        "end":"00000000000000000000000000000000"}
        """)]
    [InlineData("""
        {"version":1,"file":"x.bin","prefix":"@c","identity":"m","tokens":1,"tokens_hash":"h","text_length":1,"blocks":null,
        "end":"00000000000000000000000000000000"}
        """)]
    [InlineData("""
        {"version":1,"file":"x.bin","prefix":"@c","identity":"m","tokens":1,"tokens_hash":"h","text_length":1024,"blocks":[null],
        "end":"00000000000000000000000000000000"}
        """)]
    [InlineData("""
        {"version":1,"file":"../x.bin","prefix":"@c","identity":"m","tokens":1,"tokens_hash":"h","text_length":1,"blocks":[],
        "end":"00000000000000000000000000000000"}
        """)]
    [InlineData("""
        {"version":1,"file":"x.bin","prefix":"@c","identity":null,"tokens":1,"tokens_hash":"h","text_length":1,"blocks":[],
        "end":"00000000000000000000000000000000"}
        """)]
    public void Load_BrokenSidecar_IsQuarantined(string text)
    {
        File.WriteAllText(Path.Combine(_fixture.Folder.Snapshots, "x.bin.json"), text);

        var store = _fixture.Load();

        Assert.Empty(store.All);
        Assert.Equal(["x.bin.json.quarantined"], _fixture.Quarantined);
        Assert.Empty(_fixture.Sidecars);
    }

    [Fact]
    public void Load_ManyBrokenSidecars_AreNotAllKept()
    {
        for (var i = 0; i < SidecarFolder.MostQuarantined + 5; i++)
            File.WriteAllText(Path.Combine(_fixture.Folder.Snapshots, $"{i}.bin.json"), "{");

        _fixture.Load();

        Assert.Equal(SidecarFolder.MostQuarantined, _fixture.Quarantined.Length);
    }

    [Fact]
    public void Load_Conversation_KeepsItsDomainAndLength()
    {
        var made = StoreFixture.Of("s.bin", "text") with { Domain = "ada", Tokens = 9, PromptTokens = 7, Turns = 3, Replaces = "r.bin" };
        _fixture.Load().Add(made);

        var loaded = Assert.Single(_fixture.Load().All);

        Assert.Equal(made with { Chain = loaded.Chain }, loaded);
        Assert.Equal((made.Chain.End, made.Chain.Length), (loaded.Chain.End, loaded.Chain.Length));
        Assert.Equal((true, "conversation"), (loaded.IsConversation, loaded.Label));
    }

    [Fact]
    public void Load_SidecarWithoutLaterMembers_IsATemplateOpenToAll()
    {
        StoreFixture.Add(_fixture.Load(), "s.bin", "text", "@code");
        var sidecar = JsonNode.Parse(File.ReadAllText(SidecarPath()))!.AsObject();
        foreach (var member in new[] { "domain", "prompt_tokens", "turns" })
            Assert.True(sidecar.Remove(member));
        File.WriteAllText(SidecarPath(), sidecar.ToJsonString());

        var loaded = Assert.Single(_fixture.Load().All);

        Assert.Equal((null, 7, 1, false, "@code"), (loaded.Domain, loaded.PromptTokens, loaded.Turns, loaded.IsConversation, loaded.Label));
    }

    /// <summary>The bytes that the version before this one wrote: state folders stay valid.</summary>
    [Fact]
    public void Load_SidecarOfTheLastVersion_IsRead()
    {
        File.WriteAllText(Path.Combine(_fixture.Folder.Snapshots, "bioproxy-0a1b2c-0001.bin.json"), LastVersion.Sidecar);

        var loaded = Assert.Single(_fixture.Load().All);

        Assert.Equal(LastVersion.Snapshot with { Chain = loaded.Chain }, loaded);
        using var prompt = CanonicalPrompt.Copy(LastVersion.Text);
        Assert.Equal(loaded.Chain.Length, prompt.SharedWith(loaded.Chain));
    }

    [Fact]
    public void Add_ASnapshot_WritesWhatTheLastVersionReads()
    {
        _fixture.Load().Add(LastVersion.Snapshot);

        Assert.Equal(LastVersion.Sidecar, File.ReadAllText(SidecarPath()));
    }

    [Fact]
    public void FingerprintRecord_OfTheLastVersion_IsReadAndWrittenTheSame()
    {
        var path = Path.Combine(_fixture.Folder.Path, "identities", "5e1f0c2d.json");
        File.WriteAllText(path, LastVersion.Fingerprint);

        var record = StateFolder.Read(path, StateJson.Default.FingerprintRecord)!;
        StateFolder.Write(path, record, StateJson.Default.FingerprintRecord);

        Assert.Equal(("5e1f0c2d", "llama|b1|meta|", -2.5), (record.Id, record.Facts, record.Probe[40]));
        Assert.Equal(LastVersion.Fingerprint, File.ReadAllText(path));
        Assert.Equal(Path.GetDirectoryName(path), _fixture.Folder.Fingerprints);
    }

    [Fact]
    public void Reconcile_AnOlderTemplateWasLeft_IsRemoved()
    {
        // As a process leaves them that ends between writing the new sidecar and removing the old one.
        Write(StoreFixture.Of("new.bin", "second version", "@code", day: 2));
        Write(StoreFixture.Of("old.bin", "first version", "@code", day: 1));
        Write(StoreFixture.Of("other model.bin", "first version", "@code", day: 1) with { Fingerprint = "other" });
        Write(StoreFixture.Of("other trigger.bin", "first version", "@review", day: 1));

        Assert.Equal(["new.bin", "other model.bin", "other trigger.bin"], Reconciled());
    }

    [Fact]
    public void Reconcile_AnOlderStateOfAConversationWasLeft_IsRemoved()
    {
        var text = new string('c', 3000);
        Write(StoreFixture.Of("new.bin", text + "next turn", day: 2) with { Replaces = "old.bin" });
        Write(StoreFixture.Of("old.bin", text, day: 1));
        Write(StoreFixture.Of("same text.bin", text + "next turn", day: 1));
        Write(StoreFixture.Of("another domain.bin", text + "next turn", day: 1) with { Domain = "ada" });
        Write(StoreFixture.Of("another branch.bin", text + "other turn", day: 1));

        Assert.Equal(["another branch.bin", "another domain.bin", "new.bin"], Reconciled());
    }

    [Theory]
    [InlineData("another text", 1)] // the name was given out again while the clock went back
    [InlineData("", 3)] // given out again later
    public void Reconcile_TheReplacedNameIsAnotherSnapshotsByNow_ItStays(string start, int day)
    {
        var text = new string('c', 3000);
        Write(StoreFixture.Of("new.bin", text + "next turn", day: 2) with { Replaces = "reused.bin" });
        Write(StoreFixture.Of("reused.bin", start + text, day: day));

        Assert.Equal(["new.bin", "reused.bin"], Reconciled());
    }

    [Fact]
    public void Add_ANewerState_RemovesTheOneItReplaces()
    {
        var store = _fixture.Load();
        StoreFixture.Add(store, "template 1", "first version", "@code", day: 1);
        StoreFixture.Add(store, "conversation 1", "hello", day: 1);
        StoreFixture.Add(store, "another", "hello you", day: 1);

        StoreFixture.Add(store, "template 2", "second version", "@code", day: 2);
        store.Add(StoreFixture.Of("conversation 2", "hello there", day: 2) with { Replaces = "conversation 1" });

        Assert.Equal(["another", "conversation 2", "template 2"], store.All.Select(s => s.File).Order(StringComparer.Ordinal));
        Assert.Equal(["another.json", "conversation 2.json", "template 2.json"], _fixture.Sidecars);
    }

    private IEnumerable<string> Reconciled()
    {
        var store = _fixture.Load();
        store.Reconcile();
        return store.All.Select(s => s.File).Order(StringComparer.Ordinal);
    }

    private void Write(Snapshot snapshot) => StateFolder.Write(
        Path.Combine(_fixture.Folder.Snapshots, snapshot.File + ".json"), SnapshotSidecar.Of(snapshot), StateJson.Default.SnapshotSidecar);

    private string SidecarPath() => Assert.Single(Directory.GetFiles(_fixture.Folder.Snapshots));
}
