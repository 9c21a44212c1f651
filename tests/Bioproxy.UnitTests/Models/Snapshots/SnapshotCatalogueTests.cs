using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Models.Snapshots;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Models.Snapshots;

public sealed class SnapshotCatalogueTests : IDisposable
{
    private readonly string _state = Directory.CreateTempSubdirectory("bioproxy-test-").FullName;
    private readonly StateFolder _folder;

    public SnapshotCatalogueTests()
    {
        _folder = new StateFolder(new ProxyOptions { BaseDirectory = _state, StateDirectory = _state });
        _folder.Create();
    }

    public void Dispose() => Directory.Delete(_state, recursive: true);

    /// <summary>Against the plain definition: the longest text that is a beginning of the prompt, under the same identity.</summary>
    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void Best_ManySnapshots_IsTheLongestBeginning(int seed, bool haveChecks)
    {
        var random = new Random(seed);
        var texts = Enumerable.Range(0, 6).Select(_ => Text(random, 4000)).ToList();
        texts.AddRange(texts.Select(text => text[..random.Next(900, 2200)] + Text(random, 2000)).ToList()); // some share beginnings
        var saved = new List<(string Text, string Identity)>();
        for (var i = 0; i < 300; i++)
        {
            var text = texts[random.Next(texts.Count)];
            saved.Add((text[..random.Next(1, random.Next(2) == 0 ? 1100 : text.Length)], random.Next(4) == 0 ? "other" : "model"));
        }

        var catalogue = new SnapshotCatalogue(_folder, NullLogger<SnapshotCatalogue>.Instance);
        for (var i = 0; i < saved.Count; i++)
            catalogue.Add(new Snapshot($"s{i}.bin", "@code", saved[i].Identity, 1, "hash", 1, DateTimeOffset.UnixEpoch, PromptChain.Of(Encoding.UTF8.GetBytes(saved[i].Text))));
        if (!haveChecks)
            catalogue = ReloadWithoutChecks();

        for (var i = 0; i < 300; i++)
        {
            var text = texts[random.Next(texts.Count)];
            text = text[..random.Next(0, text.Length)];
            using var prompt = CanonicalPrompt.Copy(Encoding.UTF8.GetBytes(text));
            var expected = saved.Where(s => s.Identity == "model" && text.StartsWith(s.Text, StringComparison.Ordinal)).Select(s => (int?)s.Text.Length).Max();
            Assert.Equal(expected, catalogue.Best(prompt, "model")?.Chain.Length);
        }
    }

    [Fact]
    public void Load_SidecarsOnDisk_AreFoundAgainAndHoldNoText()
    {
        const string Secret = "an instruction that nobody else should read";
        new SnapshotCatalogue(_folder, NullLogger<SnapshotCatalogue>.Instance)
            .Add(new Snapshot("s.bin", "@code", "model", 7, "hash", 70, DateTimeOffset.UnixEpoch, PromptChain.Of(Encoding.UTF8.GetBytes(Secret))));
        var catalogue = new SnapshotCatalogue(_folder, NullLogger<SnapshotCatalogue>.Instance);

        catalogue.Load();

        using var prompt = CanonicalPrompt.Copy(Encoding.UTF8.GetBytes(Secret + " and a question"));
        Assert.Equal(("s.bin", 7, 70), catalogue.Best(prompt, "model") is { } found ? (found.File, found.Tokens, found.Bytes) : default);
        Assert.DoesNotContain("instruction", File.ReadAllText(Assert.Single(Directory.GetFiles(_folder.Snapshots))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"version":99,"file":"x","prefix":"@c","identity":"m","tokens":1,"tokens_hash":"h","text_length":1,"blocks":[],"end":"00000000000000000000000000000000"}""")]
    public void Load_BrokenSidecar_IsSetAside(string text)
    {
        File.WriteAllText(Path.Combine(_folder.Snapshots, "x.bin.json"), text);
        var catalogue = new SnapshotCatalogue(_folder, NullLogger<SnapshotCatalogue>.Instance);

        catalogue.Load();

        Assert.Empty(catalogue.All);
        Assert.EndsWith(".quarantined", Assert.Single(Directory.GetFiles(_folder.Snapshots)), StringComparison.Ordinal);
    }

    [Fact]
    public void LetGo_RemovedMeanwhile_TheFileIsUnusedOnceAndNotBefore()
    {
        var (catalogue, unused) = Watched();
        var snapshot = Add(catalogue, "s.bin", "text");
        Assert.True(catalogue.TryHold(snapshot));
        Assert.True(catalogue.TryHold(snapshot));

        catalogue.Remove(snapshot);
        Assert.False(catalogue.TryHold(snapshot));
        Assert.True(catalogue.IsHeld(snapshot));
        catalogue.LetGo(snapshot);
        Assert.Empty(unused);
        catalogue.LetGo(snapshot);

        Assert.Equal(["s.bin"], unused);
        Assert.False(catalogue.IsHeld(snapshot));
    }

    [Fact]
    public void LetGo_StillThere_IsNotUnused()
    {
        var (catalogue, unused) = Watched();
        var snapshot = Add(catalogue, "s.bin", "text");

        Assert.True(catalogue.TryHold(snapshot));
        catalogue.LetGo(snapshot);

        Assert.Empty(unused);
        Assert.Equal([snapshot], catalogue.All);
    }

    [Fact]
    public void Quarantine_WhileHeld_TheFileIsUnusedAfterwards()
    {
        var (catalogue, unused) = Watched();
        var snapshot = Add(catalogue, "s.bin", "text");
        Assert.True(catalogue.TryHold(snapshot));

        catalogue.Quarantine(snapshot, "it had no effect");
        Assert.Empty(unused);
        Assert.Empty(catalogue.All);
        catalogue.LetGo(snapshot);

        Assert.Equal(["s.bin"], unused);
        Assert.Equal(["s.bin: it had no effect"], catalogue.Quarantined);
        Assert.EndsWith(".quarantined", Assert.Single(Directory.GetFiles(_folder.Snapshots)), StringComparison.Ordinal);
    }

    /// <summary>Whoever found a snapshot may come late: by then its name may be given out again.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Remove_OutAlready_LeavesTheNextOneOfItsNameAlone(bool isQuarantined)
    {
        var (catalogue, unused) = Watched();
        var old = Add(catalogue, "s.bin", "old");
        catalogue.Remove(old);

        Late();
        Assert.Equal(["s.bin"], unused); // once

        var next = Add(catalogue, "s.bin", "next");
        Late();
        Assert.Equal([next], catalogue.All);
        Assert.Equal(["s.bin"], unused);
        Assert.EndsWith(".json", Assert.Single(Directory.GetFiles(_folder.Snapshots)), StringComparison.Ordinal);

        void Late()
        {
            if (isQuarantined)
                catalogue.Quarantine(old, "its file is gone");
            else
                catalogue.Remove(old);
        }
    }

    [Fact]
    public void Unused_HoldersAndRemoversAtOnce_EachFileOnceAndNeverWhileHeld()
    {
        const int Files = 300;
        var catalogue = new SnapshotCatalogue(_folder, NullLogger<SnapshotCatalogue>.Instance);
        var held = new int[Files];
        var unused = new int[Files];
        var whileHeld = 0;
        catalogue.Unused = file =>
        {
            var number = Number(file);
            Interlocked.Increment(ref unused[number]);
            if (Volatile.Read(ref held[number]) > 0)
                Interlocked.Increment(ref whileHeld);
        };
        var all = Enumerable.Range(0, Files).Select(i => Add(catalogue, $"{i}.bin", $"text {i}")).ToList();

        Parallel.For(0, 8, worker =>
        {
            foreach (var snapshot in worker % 2 == 0 ? all : all.AsEnumerable().Reverse())
            {
                if (worker < 4)
                {
                    if (!catalogue.TryHold(snapshot))
                        continue;
                    Interlocked.Increment(ref held[Number(snapshot.File)]);
                    Thread.SpinWait(50);
                    Interlocked.Decrement(ref held[Number(snapshot.File)]);
                    catalogue.LetGo(snapshot);
                }
                else if (worker < 6)
                {
                    catalogue.Remove(snapshot);
                }
                else
                {
                    catalogue.Quarantine(snapshot, "tried");
                }
            }
        });

        Assert.DoesNotContain(unused, times => times != 1);
        Assert.Equal(0, whileHeld);
        Assert.Empty(catalogue.All);

        static int Number(string file) => int.Parse(Path.GetFileNameWithoutExtension(file), System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Use_Reloaded_IsRemembered()
    {
        var used = new DateTimeOffset(2031, 2, 3, 4, 5, 6, TimeSpan.Zero);
        var catalogue = new SnapshotCatalogue(_folder, NullLogger<SnapshotCatalogue>.Instance);
        var snapshot = Add(catalogue, "s.bin", "text");
        Assert.Equal(snapshot.Created, catalogue.LastUsed(snapshot));

        catalogue.Use(snapshot, used);
        Assert.Equal(used, catalogue.LastUsed(snapshot));
        catalogue = new SnapshotCatalogue(_folder, NullLogger<SnapshotCatalogue>.Instance);
        catalogue.Load();

        Assert.Equal(used, catalogue.LastUsed(Assert.Single(catalogue.All)));
    }

    [Fact]
    public void Load_Conversation_KeepsWhoseItIsAndHowLong()
    {
        var chain = PromptChain.Of("text"u8);
        new SnapshotCatalogue(_folder, NullLogger<SnapshotCatalogue>.Instance)
            .Add(new Snapshot("s.bin", "", "model", 9, "", 70, DateTimeOffset.UnixEpoch, chain) { Domain = "ada", PromptTokens = 7, Turns = 3 });
        var catalogue = new SnapshotCatalogue(_folder, NullLogger<SnapshotCatalogue>.Instance);

        catalogue.Load();

        var loaded = Assert.Single(catalogue.All);
        Assert.Equal(("ada", 9, 7, 3, true, "conversation"), (loaded.Domain, loaded.Tokens, loaded.PromptTokens, loaded.Turns, loaded.IsConversation, loaded.Label));
    }

    [Fact]
    public void Load_SidecarOfAnEarlierVersion_IsATemplateOpenToAll()
    {
        new SnapshotCatalogue(_folder, NullLogger<SnapshotCatalogue>.Instance)
            .Add(new Snapshot("s.bin", "@code", "model", 9, "hash", 70, DateTimeOffset.UnixEpoch, PromptChain.Of("text"u8)));
        var path = Assert.Single(Directory.GetFiles(_folder.Snapshots));
        var sidecar = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        foreach (var member in new[] { "domain", "prompt_tokens", "turns" })
            Assert.True(sidecar.Remove(member));
        File.WriteAllText(path, sidecar.ToJsonString());
        var catalogue = new SnapshotCatalogue(_folder, NullLogger<SnapshotCatalogue>.Instance);

        catalogue.Load();

        var loaded = Assert.Single(catalogue.All);
        Assert.Equal((null, 9, 1, false, "@code"), (loaded.Domain, loaded.PromptTokens, loaded.Turns, loaded.IsConversation, loaded.Label));
    }

    private (SnapshotCatalogue Catalogue, List<string> Unused) Watched()
    {
        var unused = new List<string>();
        return (new SnapshotCatalogue(_folder, NullLogger<SnapshotCatalogue>.Instance) { Unused = unused.Add }, unused);
    }

    private static Snapshot Add(SnapshotCatalogue catalogue, string file, string text)
    {
        var snapshot = new Snapshot(file, "", "model", 7, "", 70, DateTimeOffset.UnixEpoch, PromptChain.Of(Encoding.UTF8.GetBytes(text)));
        catalogue.Add(snapshot);
        return snapshot;
    }

    /// <summary>As an earlier version wrote them.</summary>
    private SnapshotCatalogue ReloadWithoutChecks()
    {
        foreach (var path in Directory.GetFiles(_folder.Snapshots))
        {
            var sidecar = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
            Assert.True(sidecar.Remove("tail_check"));
            File.WriteAllText(path, sidecar.ToJsonString());
        }

        var catalogue = new SnapshotCatalogue(_folder, NullLogger<SnapshotCatalogue>.Instance);
        catalogue.Load();
        return catalogue;
    }

    private static string Text(Random random, int length) => string.Concat(Enumerable.Range(0, length).Select(_ => (char)random.Next('a', 'z')));
}
