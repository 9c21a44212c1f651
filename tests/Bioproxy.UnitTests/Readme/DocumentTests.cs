using System.Text.RegularExpressions;
using Bioproxy.Host.Configuration;

namespace Bioproxy.UnitTests.Readme;

/// <summary>What holds for every document: its links, its names of files, headers and variables, its form.</summary>
public sealed partial class DocumentTests
{
    private const int LongestLine = 140;

    /// <summary>GitHub shows about so many characters of a code block without scrolling.</summary>
    private const int WidestCode = 110;

    private static readonly Lazy<string> Sources = new(() => string.Concat(
        new[] { "src", "plugins", "scripts" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Document.Root, folder), "*.*", SearchOption.AllDirectories))
            .Where(file => Path.GetExtension(file) is ".cs" or ".sh" && !file.Contains("/obj/", StringComparison.Ordinal))
            .Select(File.ReadAllText)));

    public static TheoryData<string> Names() => [.. Document.All.Select(document => document.Name)];

    [Fact]
    public void Readme_Length_IsAtMost120Lines() => Assert.InRange(Document.Of("README.md").Lines.Length, 1, 120);

    [Theory]
    [MemberData(nameof(Names))]
    public void Document_Links_LeadSomewhere(string name)
    {
        var document = Document.Of(name);

        var broken = document.Links.Where(link => !link.StartsWith("http", StringComparison.Ordinal) && !Exists(document, link));

        Assert.Empty(broken);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Document_Lines_AreNotTooLong(string name)
    {
        var document = Document.Of(name);

        var code = document.Blocks.SelectMany(block => block.Text.Split('\n'));
        var tooLong = document.Lines.Where(line => line.Length > LongestLine).Concat(code.Where(line => line.Length > WidestCode));

        Assert.Empty(tooLong);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Document_Blocks_HaveALanguageThatATestFollows(string name) =>
        Assert.Empty(Document.Of(name).Blocks
            .Where(block => block.Language is not ("sh" or "json" or "jsonc" or "csharp" or "text"))
            .Select(block => $"line {block.Line}: {block.Language}"));

    [Theory]
    [MemberData(nameof(Names))]
    public void Document_PathsOfTheRepository_Exist(string name)
    {
        var paths = Document.Of(name).Spans
            .Where(span => RepositoryPath().IsMatch(span) && !span.Contains("NAME", StringComparison.Ordinal));

        var missing = paths.Where(path => !Path.Exists(Path.Combine(Document.Root, path)));

        Assert.Empty(missing);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Document_HeadersAndVariables_AreInTheSources(string name)
    {
        var text = string.Join('\n', Document.Of(name).Lines);
        var variables = ConfigurationKeys.All.Select(key => key.EnvironmentVariable).ToHashSet();

        var unknown = Header().Matches(text).Select(match => match.Value)
            .Where(header => !Sources.Value.Contains($"\"{header}\"", StringComparison.Ordinal))
            .Concat(Variable().Matches(text).Select(match => match.Value)
                .Where(variable => !variables.Contains(variable) && !Sources.Value.Contains(variable, StringComparison.Ordinal)));

        Assert.Empty(unknown);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Document_ConfigurationKeys_AreDocumented(string name)
    {
        var known = Document.Of("docs/configuration.md").Rows("Key").Select(row => Document.SpansOf(row[0])[0]).ToHashSet();

        var unknown = Document.Of(name).Spans.Where(span => DottedKey().IsMatch(span) && !known.Contains(span));

        Assert.Empty(unknown);
    }

    [Fact]
    public void Index_Links_AreAllPages()
    {
        var pages = Document.All.Select(document => document.Name)
            .Where(name => name.StartsWith("docs/", StringComparison.Ordinal) && name != "docs/README.md")
            .ToList();
        var index = Document.Of("docs/README.md").Links.Where(link => !link.StartsWith("..", StringComparison.Ordinal));

        Assert.Equal(pages, index.Select(link => "docs/" + link).Order(StringComparer.Ordinal));
        Assert.Empty(pages.Except(Document.Of("README.md").Links.Select(link => link.Split('#')[0])));
    }

    private static bool Exists(Document from, string link)
    {
        var parts = link.Split('#');
        var folder = Path.Combine(Document.Root, Path.GetDirectoryName(from.Name)!);
        var path = parts[0].Length == 0 ? from.Name : Path.GetRelativePath(Document.Root, Path.Combine(folder, parts[0]));
        return Path.Exists(Path.Combine(Document.Root, path)) && (parts.Length == 1 || Document.Of(path).Anchors.Contains(parts[1]));
    }

    [GeneratedRegex(@"^(\./)?(src|tests|plugins|scripts|docs|templates)/[\w./-]*$")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"\bX-[A-Z][A-Za-z-]*[a-z]\b")]
    private static partial Regex Header();

    [GeneratedRegex(@"\bBIOPROXY_[A-Z_]*[A-Z]\b")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^(kv|lanes|queue|limits|timeouts)\.[a-z_]+$")]
    private static partial Regex DottedKey();
}
