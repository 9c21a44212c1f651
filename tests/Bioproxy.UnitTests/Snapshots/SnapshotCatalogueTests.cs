using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Snapshots;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Snapshots;

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
