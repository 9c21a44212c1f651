using System.Text.RegularExpressions;
using Bioproxy.Host.Configuration;

namespace Bioproxy.UnitTests.Readme;

/// <summary>Every promise of SECURITY.md names tests that exist.</summary>
public sealed partial class SecurityDocumentTests
{
    private static readonly Lazy<string[]> Sources = new(() =>
    [
        .. Directory.EnumerateFiles(Path.Combine(Document.Root, "tests"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            .Select(File.ReadAllText),
    ]);

    [Fact]
    public void Promises_All_NameATest()
    {
        var promises = string.Join('\n', Document.Of("SECURITY.md").Lines)
            .Split("\n## ").Single(section => section.StartsWith("What is promised", StringComparison.Ordinal))
            .Split("\n- ").Skip(1).ToList();

        Assert.True(promises.Count > 15);
        Assert.All(promises, promise => Assert.Matches(Test(), promise));
    }

    [Fact]
    public void Tests_ThatAreNamed_Exist()
    {
        var named = Document.Of("SECURITY.md").Spans.Select(span => Test().Match($"`{span}`")).Where(match => match.Success).ToList();

        Assert.NotEmpty(named);
        Assert.All(named, match => Assert.Contains(
            Sources.Value,
            text => text.Contains($" class {match.Groups["class"].Value}", StringComparison.Ordinal)
                && text.Contains($" {match.Groups["method"].Value}(", StringComparison.Ordinal)));
    }

    [Fact]
    public void Configuration_KeysThatChangeWhileTheProxyRuns_AreListed()
    {
        var expected = ConfigurationKeys.All.Where(key => key.Live is not null).Select(key => key.Name);

        var written = Document.SpansOf(Document.Of("docs/configuration.md").Paragraph("The file is read again when it changes"));

        Assert.Equal(expected, written.Where(span => ConfigurationKeys.All.Any(key => key.Name == span)));
    }

    [GeneratedRegex(@"`(?<class>\w+Tests)\.(?<method>\w+)`")]
    private static partial Regex Test();
}
