using System.Globalization;
using Bioproxy.Rag;

namespace Bioproxy.PluginTests.Rag;

public sealed class PassageIndexTests
{
    private static readonly PassageIndex Corpus = Index(
        ("backup", "The backup runs at night. Restore a backup with the restore command."),
        ("network", "The network has two switches. Ask the network team for a cable."),
        ("empty", "…"),
        ("kitchen", "The coffee machine is cleaned on Fridays. The team drinks coffee."),
        ("umlaut", "Grüße aus dem Büro: Kaffee für alle, ÄRGER für niemand."),
        ("chinese", "备份在夜间运行"),
        ("code", "Call max_file_bytes() before `readAll`; x1 is 42."),
        ("long", $"backup {string.Join(' ', Enumerable.Repeat("filler", 200))}"));

    [Theory]
    [InlineData("How do I restore a backup?", "backup")]
    [InlineData("BACKUP", "backup,long")]
    [InlineData("network cable", "network")]
    [InlineData("network team", "network,kitchen")]
    [InlineData("team", "kitchen,network")]
    [InlineData("büro", "umlaut")]
    [InlineData("ärger", "umlaut")]
    [InlineData("夜间", "chinese")]
    [InlineData("bytes", "code")]
    [InlineData("readall 42", "code")]
    [InlineData("zebra", "")]
    [InlineData("", "")]
    [InlineData("?! …", "")]
    public void Search_FindsTheRightFilesFirst(string question, string expected)
    {
        var found = Corpus.Search(question, 10).Select(passage => passage.Source).ToList();

        var wanted = expected.Split(',', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(wanted, found.Take(wanted.Length));
        Assert.True(wanted.Length > 0 || found.Count == 0);
    }

    [Fact]
    public void Search_OfRandomTexts_RanksAsTheFormulaOfBm25Says()
    {
        var random = new Random(11);
        for (var round = 0; round < 50; round++)
        {
            var texts = Enumerable.Range(0, 30).Select(_ => Enumerable.Range(0, random.Next(1, 40))
                .Select(_ => $"w{random.Next(20) * random.Next(20)}").ToArray()).ToArray();
            var question = Enumerable.Range(0, 4).Select(_ => $"w{random.Next(60)}").Distinct().ToArray();

            var found = Index([.. texts.Select((words, i) => ($"{i}", string.Join(' ', words)))]).Search(string.Join(' ', question), 100);

            var scores = found.Select(passage => Score(texts[int.Parse(passage.Source, CultureInfo.InvariantCulture)])).ToList();
            Assert.Equal(texts.Count(words => words.Intersect(question).Any()), found.Count);
            for (var i = 1; i < scores.Count; i++)
                Assert.True(scores[i] <= scores[i - 1] + 1e-9);

            double Score(string[] words) => question.Sum(word =>
            {
                double n = texts.Length, df = texts.Count(text => text.Contains(word)), tf = words.Count(other => other == word);
                var average = texts.Average(text => text.Length);
                return Math.Log(1 + (n - df + 0.5) / (df + 0.5)) * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * words.Length / average));
            });
        }
    }

    [Fact]
    public void Search_OfEqualPassages_GoesByName()
    {
        var index = Index(("b", "same words"), ("c", "same words"), ("a", "same words"));

        Assert.Equal(["a", "b"], index.Search("words", 2).Select(passage => passage.Source));
    }

    [Fact]
    public void Search_FindsAPassageByTheHeadingAboveIt()
    {
        var passages = new[] { new Passage("a", 5, 6, "Run it at night.", "# Backups"), new Passage("b", 1, 1, "Nothing.", "") };
        var index = new PassageIndex([FileIndex.Of(passages, [])]);

        Assert.Equal("a", Assert.Single(index.Search("backups", 5)).Source);
    }

    [Fact]
    public void Search_InManyPassages_GivesThatOfEachFileThatHasTheWord()
    {
        // Files without passages, with one and with several: the number of a passage must lead to its file.
        var files = Enumerable.Range(0, 400).Select(i =>
            (Name: $"f{i:000}", Texts: Enumerable.Range(0, i % 5).Select(j => $"common word{i}x{j}").ToArray())).ToList();
        var index = new PassageIndex([.. files.Select(file =>
            FileIndex.Of([.. file.Texts.Select((text, line) => new Passage(file.Name, line, line, text, ""))], []))]);

        Assert.Equal(800, index.Count);
        Assert.Equal(800, index.Search("common", 10_000).Count);
        for (var i = 0; i < files.Count; i++)
        {
            for (var j = 0; j < i % 5; j++)
                Assert.Equal((files[i].Name, j), Assert.Single(index.Search($"word{i}x{j}", 3)) is var found
                    ? (found.Source, found.FirstLine)
                    : default);
        }
    }

    [Fact]
    public void Words_AreReadAsTheyAreWrittenAnywhere()
    {
        var words = new List<string>();
        for (var reader = new WordReader($"Don't_stop Ünïcode e\u0301t 𝐀b 東京abc \ud800x {new string('z', 70)}"); reader.Read();)
            words.Add(reader.Word.ToString());

        Assert.Equal(["don", "t", "stop", "ünïcode", "e\u0301t", "𝐀b", "東", "京", "abc", "x", new string('z', 64)], words);
    }

    private static PassageIndex Index(params (string Name, string Text)[] files) =>
        new([.. files.Select(file => FileIndex.Of([new Passage(file.Name, 1, 1, file.Text, "")], []))]);
}
