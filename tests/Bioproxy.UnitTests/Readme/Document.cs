using System.Text;
using System.Text.RegularExpressions;
using Bioproxy.Doubles;

namespace Bioproxy.UnitTests.Readme;

/// <summary>A Markdown file of the repository, as far as the tests read it.</summary>
internal sealed partial class Document
{
    public const string NewMark = "<!-- new -->";

    private readonly List<CodeBlock> _blocks = [];
    private readonly List<(string Text, int Line)> _prose = [];

    private Document(string name)
    {
        Name = name;
        Lines = File.ReadAllLines(Path.Combine(Root, name));
        Read();
    }

    public static string Root { get; } = RepositoryFolder.Root!;

    /// <summary>Every document that the tests follow.</summary>
    public static IReadOnlyList<Document> All { get; } =
    [
        new("README.md"),
        new("CONTRIBUTING.md"),
        new("SECURITY.md"),
        .. Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md").Select(file => "docs/" + Path.GetFileName(file))
            .Order(StringComparer.Ordinal).Select(name => new Document(name)),
    ];

    public string Name { get; }

    public string[] Lines { get; }

    public IReadOnlyList<CodeBlock> Blocks => _blocks;

    /// <summary>Lines outside of code blocks.</summary>
    public IReadOnlyList<(string Text, int Line)> Prose => _prose;

    /// <summary>What stands between back quotes outside of code blocks.</summary>
    public IEnumerable<string> Spans => _prose.SelectMany(line => SpansOf(line.Text));

    public IEnumerable<string> Links =>
        _prose.SelectMany(line => Link().Matches(Span().Replace(line.Text, ""))).Select(match => match.Groups[1].Value);

    /// <summary>The anchors that GitHub makes of the headings.</summary>
    public IReadOnlySet<string> Anchors =>
        _prose.Where(line => line.Text.StartsWith('#')).Select(line => Anchor(line.Text)).ToHashSet(StringComparer.Ordinal);

    public static Document Of(string name) => All.Single(document => document.Name == name);

    /// <summary>The rows of all tables with this first heading, cells trimmed.</summary>
    public IEnumerable<string[]> Rows(string heading)
    {
        var isInside = false;
        foreach (var (text, _) in _prose)
        {
            if (text.StartsWith($"| {heading} |", StringComparison.Ordinal))
                isInside = true;
            else if (!text.StartsWith('|'))
                isInside = false;
            else if (isInside && !text.StartsWith("|--", StringComparison.Ordinal))
                yield return [.. text.Trim('|').Split('|').Select(cell => cell.Trim())];
        }
    }

    /// <summary>What stands between back quotes in a cell or paragraph.</summary>
    public static string[] SpansOf(string text) => [.. Span().Matches(text).Select(match => match.Groups[1].Value)];

    /// <summary>The paragraph that begins so, in one line.</summary>
    public string Paragraph(string beginning) =>
        string.Join(' ', Lines.SkipWhile(line => !line.StartsWith(beginning, StringComparison.Ordinal)).TakeWhile(line => line.Length > 0));

    public override string ToString() => Name;

    private static string Anchor(string heading)
    {
        var anchor = new StringBuilder();
        foreach (var character in heading.TrimStart('#').Trim().ToLowerInvariant())
        {
            if (char.IsLetterOrDigit(character) || character is '-' or '_')
                anchor.Append(character);
            else if (character == ' ')
                anchor.Append('-');
        }

        return anchor.ToString();
    }

    private void Read()
    {
        for (var i = 0; i < Lines.Length; i++)
        {
            if (!Fence().IsMatch(Lines[i]))
            {
                _prose.Add((Lines[i], i + 1));
                continue;
            }

            var indentation = Lines[i].Length - Lines[i].TrimStart().Length;
            var words = Lines[i].Trim().TrimStart('`').Split(' ', 2);
            var begin = i;
            var text = new StringBuilder();
            for (i++; !Fence().IsMatch(Lines[i]); i++)
                text.Append(Lines[i].Length > indentation ? Lines[i][indentation..] : Lines[i].Trim()).Append('\n');
            _blocks.Add(new CodeBlock(words[0], words.ElementAtOrDefault(1) ?? "", text.ToString(), begin + 1));
        }
    }

    [GeneratedRegex("^ *```")]
    private static partial Regex Fence();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Span();

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
