using System.Text;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Models.Snapshots;

public sealed class SnapshotIndexTests
{
    private static readonly string Preamble = new('p', 5000);

    /// <summary>Against the plain definition: the longest text that is a prefix of the prompt, under the same fingerprint.</summary>
    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void Best_ManySnapshots_IsTheLongestPrefix(int seed, bool haveChecks)
    {
        var random = new Random(seed);
        var texts = Texts(random);
        var saved = Saved(random, texts, haveChecks);
        var index = SnapshotIndex.Of([.. saved.Select(s => s.Snapshot)]);

        for (var i = 0; i < 300; i++)
        {
            var text = texts[random.Next(texts.Count)];
            text = text[..random.Next(0, text.Length)];
            using var prompt = CanonicalPrompt.Copy(Encoding.UTF8.GetBytes(text));
            var matching = saved.Where(s => s.Snapshot.Fingerprint == "model" && text.StartsWith(s.Text, StringComparison.Ordinal));
            var longest = matching.Select(s => (int?)s.Text.Length).Max();
            Assert.Equal(longest, index.Best(prompt, "model")?.Chain.Length);

            // Without the text, less than a block at the end is taken on trust.
            using var outline = CanonicalPrompt.Outline(
                prompt.Chain, new(1, 1, 1, HasSystemMember: false, null, null, 1, CanPin: true, default), 0, 0);
            if (index.Best(outline, "model") is { } best)
            {
                var held = saved.Single(s => s.Snapshot.File == best.File).Text;
                Assert.InRange(held.Length - text.AsSpan().CommonPrefixLength(held), 0, PromptChain.BlockSize - 1);
                Assert.True(held.Length >= (longest ?? 0));
            }
            else
            {
                Assert.InRange(longest ?? 0, 0, PromptChain.BlockSize - 1);
            }
        }
    }

    /// <summary>Against the plain definition: the most whole waypoints that a text of this fingerprint shares with the prompt.</summary>
    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    public void Through_ManySnapshots_SharesTheMost(int seed)
    {
        const int Waypoint = SnapshotGroup.Waypoint * PromptChain.BlockSize;
        var random = new Random(seed);
        var texts = Texts(random);
        var saved = Saved(random, texts, haveChecks: true);
        var index = SnapshotIndex.Of([.. saved.Select(s => s.Snapshot)]);

        for (var i = 0; i < 300; i++)
        {
            var text = texts[random.Next(texts.Count)];
            text = text[..random.Next(0, text.Length)] + "?";
            using var prompt = CanonicalPrompt.Copy(Encoding.UTF8.GetBytes(text));
            var shared = saved.Where(s => s.Snapshot.Fingerprint == "model")
                .Max(s => s.Text.AsSpan().CommonPrefixLength(text) / Waypoint * Waypoint);
            Assert.Equal(shared == 0 ? null : shared, index.Through(prompt, "model")?.Shared);
        }
    }

    [Fact]
    public void Covered_ANewerOneSharesAPart_IsThatPartOfTheOlderOne()
    {
        var preamble = new string('p', 8192);
        var older = StoreFixture.Of("older.bin", preamble + new string('a', 8192), day: 1);
        var newer = StoreFixture.Of("newer.bin", preamble + new string('b', 8192), day: 2);
        var other = StoreFixture.Of("other.bin", new string('c', 8192), day: 3);
        var index = SnapshotIndex.Of([older, newer, other]);

        Assert.InRange(index.Covered(older), 0.45, 0.51);
        Assert.Equal(0, index.Covered(newer));
        Assert.Equal(0, index.Covered(other));
        Assert.Equal(0, index.Without(newer).Covered(older));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void WithAndWithout_ManyTimes_FindWhatAnIndexOfTheRestFinds(int seed)
    {
        var random = new Random(seed);
        var texts = Texts(random);
        var saved = Saved(random, texts, haveChecks: true).Select(s => s.Snapshot).ToList();
        var index = SnapshotIndex.Empty;
        var kept = new List<Snapshot>();
        for (var step = 0; step < 600; step++)
        {
            var snapshot = saved[random.Next(saved.Count)];
            index = kept.Remove(snapshot) ? index.Without(snapshot) : index.With(snapshot);
            if (!index.Contains(snapshot))
                continue;
            kept.Add(snapshot);
        }

        var fresh = SnapshotIndex.Of(kept);
        Assert.Equal(kept.Count, index.Count);
        for (var i = 0; i < 300; i++)
        {
            var text = texts[random.Next(texts.Count)];
            using var prompt = CanonicalPrompt.Copy(Encoding.UTF8.GetBytes(text[..random.Next(0, text.Length)] + "?"));
            Assert.Equal(fresh.Best(prompt, "model")?.File, index.Best(prompt, "model")?.File);
            Assert.Equal(fresh.Through(prompt, "model")?.Snapshot.File, index.Through(prompt, "model")?.Snapshot.File);
        }

        foreach (var snapshot in kept)
            index = index.Without(snapshot);
        Assert.Equal(0, index.Count);
    }

    [Fact]
    public void Through_TheNewestIsRemoved_FindsTheOlderOneOfTheSameWaypoint()
    {
        var (older, newer) = (Of("older", "one answer", 1), Of("newer", "another answer", 2));
        var index = SnapshotIndex.Empty.With(older).With(newer);
        using var prompt = TestPrompts.Of(Preamble + "an edited question");
        Assert.Equal("newer", index.Through(prompt, "model")?.Snapshot.File);

        index = index.Without(newer);

        Assert.Equal("older", index.Through(prompt, "model")?.Snapshot.File);
        Assert.Null(index.Without(older).Through(prompt, "model"));
    }

    [Fact]
    public void Through_TheOlderIsAddedLast_FindsTheNewest()
    {
        using var prompt = TestPrompts.Of(Preamble + "an edited question");

        var index = SnapshotIndex.Empty.With(Of("newer", "another answer", 2)).With(Of("older", "one answer", 1));

        Assert.Equal("newer", index.Through(prompt, "model")?.Snapshot.File);
    }

    [Fact]
    public void With_TheSameFile_ReplacesIt()
    {
        var (old, next) = (Of("s", "old", 1), Of("s", "next", 2));

        var index = SnapshotIndex.Empty.With(old).With(next);

        Assert.Equal([next], index.All);
        Assert.False(index.Contains(old));
        using var prompt = TestPrompts.Of(Preamble + "old");
        Assert.Null(index.Best(prompt, "model"));
    }

    [Fact]
    public void Without_AnEarlierIndex_StillFindsIt()
    {
        var snapshot = Of("s", "answer", 1);
        var before = SnapshotIndex.Of([snapshot]);
        using var prompt = TestPrompts.Of(Preamble + "answer");

        var after = before.Without(snapshot);

        Assert.Null(after.Best(prompt, "model"));
        Assert.Same(snapshot, before.Best(prompt, "model"));
    }

    private static Snapshot Of(string file, string end, int day)
    {
        using var prompt = TestPrompts.Of(Preamble + end);
        return new Snapshot(file, "", "model", 7, "", 70, DateTimeOffset.UnixEpoch.AddDays(day), prompt.Chain);
    }

    private static List<string> Texts(Random random)
    {
        var texts = Enumerable.Range(0, 6).Select(_ => Text(random, 4000)).ToList();
        texts.AddRange([.. texts.Select(text => text[..random.Next(900, 2200)] + Text(random, 7000))]); // some share prefixes
        return texts;
    }

    private static List<(string Text, Snapshot Snapshot)> Saved(Random random, List<string> texts, bool haveChecks)
    {
        var saved = new List<(string, Snapshot)>();
        for (var i = 0; i < 300; i++)
        {
            var text = texts[random.Next(texts.Count)];
            text = text[..random.Next(1, random.Next(2) == 0 ? 1100 : text.Length)];
            var chain = PromptChain.Of(Encoding.UTF8.GetBytes(text));
            if (!haveChecks) // as an earlier version wrote them
                chain = new PromptChain([.. chain.Blocks], chain.Length, chain.End, tailCheck: null);
            var created = DateTimeOffset.UnixEpoch.AddSeconds(i);
            saved.Add((text, new Snapshot($"s{i}.bin", "@code", random.Next(4) == 0 ? "other" : "model", 1, "hash", 1, created, chain)));
        }

        return saved;
    }

    private static string Text(Random random, int length) =>
        string.Concat(Enumerable.Range(0, length).Select(_ => (char)random.Next('a', 'z')));
}
