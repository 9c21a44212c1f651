using Bioproxy.Rag;

namespace Bioproxy.PluginTests.Rag;

public sealed class ChunkerTests
{
    [Fact]
    public void Markdown_IsSplitAtHeadings_WithTheRightLines()
    {
        var passages = Split("""
            # Title

            ## Setup
            Install it.

            Then start it.

            ## Use
            Ask it.

            """);

        Assert.Equal(
            [(1, 6, "# Title\n\n## Setup\nInstall it.\n\nThen start it."), (8, 9, "## Use\nAsk it.")],
            passages.Select(passage => (passage.FirstLine, passage.LastLine, passage.Text)));
    }

    [Fact]
    public void Sections_ThatAreTooLong_AreSplitAtBlankLines_AndKeepTheirHeading()
    {
        var passages = Split($"# Backups\n\n{new string('a', 60)}\n\n{new string('b', 60)}\n\n\n{new string('c', 20)}\n", longest: 100);

        Assert.Equal([(1, 3, ""), (5, 8, "# Backups")], passages.Select(passage => (passage.FirstLine, passage.LastLine, passage.Heading)));
        Assert.Equal($"{new string('b', 60)}\n\n\n{new string('c', 20)}", passages[1].Text);
    }

    [Fact]
    public void Paragraphs_ThatAreTooLong_AreSplitAtLineEnds()
    {
        var passages = Split("one two\nthree four\nfive six\n", longest: 18);

        Assert.Equal([(1, 2, "one two\nthree four"), (3, 3, "five six")], passages
            .Select(passage => (passage.FirstLine, passage.LastLine, passage.Text)));
    }

    [Fact]
    public void Lines_ThatAreTooLong_AreSplitBetweenWords_AndNeverWithinACharacter()
    {
        var passages = Split($"short\naaaa bbbb cccc\n{new string('d', 9)}😀e\nend", longest: 10);

        Assert.Equal(
            [(1, "short"), (2, "aaaa bbbb"), (2, "cccc"), (3, "ddddddddd"), (3, "😀e"), (4, "end")],
            passages.Select(passage => (passage.FirstLine, passage.Text)));
    }

    [Theory]
    [InlineData("```sh\n# no heading\n```\n# Heading\nx")]
    [InlineData("~~~~\n~~~\n# no heading\n~~~~\n# Heading\nx")]
    [InlineData("#hashtag\n####### seven\n```one line```\n# Heading\nx")]
    public void Hashes_ThatAreNoHeadings_SplitNothing(string text)
    {
        var passages = Split(text);

        Assert.Equal(2, passages.Count);
        Assert.Equal("# Heading\nx", passages[1].Text);
    }

    [Fact]
    public void PlainText_HasNoHeadings()
    {
        var passage = Assert.Single(Chunker.Split("a.txt", "one\n# two\nthree", isMarkdown: false, 1000));

        Assert.Equal((1, 3, ""), (passage.FirstLine, passage.LastLine, passage.Heading));
    }

    [Fact]
    public void LineEnds_OfOtherSystems_CountTheSame()
    {
        var passages = Split("# A\r\nx\r\n\r\n# B\ry\u2028y\f");

        Assert.Equal([(1, 2, "# A\nx"), (4, 5, "# B\ny\u2028y\f")], passages
            .Select(passage => (passage.FirstLine, passage.LastLine, passage.Text)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n \n\t\n")]
    public void Texts_WithoutWords_HaveNoPassages(string text) => Assert.Empty(Split(text));

    [Fact]
    public void Passages_OfRandomTexts_AreShortEnough_AndTheirLinesAreThoseOfTheFile()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var lines = Enumerable.Range(0, random.Next(40)).Select(_ => random.Next(6) switch
            {
                0 => "",
                1 => "# heading",
                2 => "```",
                _ => string.Join(' ', Enumerable.Range(0, random.Next(1, 30))
                    .Select(_ => new string((char)('a' + random.Next(26)), random.Next(1, 9)))),
            }).ToArray();

            var passages = Split(string.Join('\n', lines), longest: 100);

            Assert.Equal(
                string.Concat(lines).Replace(" ", "", StringComparison.Ordinal),
                string.Concat(passages.Select(passage => passage.Text)).Replace(" ", "", StringComparison.Ordinal).Replace("\n", "",
                    StringComparison.Ordinal));
            foreach (var passage in passages)
            {
                Assert.InRange(passage.Text.Length, 1, 100);
                var text = string.Join('\n', lines[(passage.FirstLine - 1)..passage.LastLine]);
                Assert.True(passage.FirstLine == passage.LastLine
                    ? text.Contains(passage.Text, StringComparison.Ordinal)
                    : text == passage.Text);
            }
        }
    }

    private static IReadOnlyList<Passage> Split(string text, int longest = 1000) =>
        Chunker.Split("a.md", text.Replace("\r\n    ", "\n", StringComparison.Ordinal), isMarkdown: true, longest);
}
