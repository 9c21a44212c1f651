namespace Bioproxy.UnitTests.Readme;

/// <summary>CONTRIBUTING.md names every folder of the code.</summary>
public sealed class ContributingTests
{
    private static readonly string[] NotOurs = ["bin", "obj", "Properties"];

    [Fact]
    public void Layout_Folders_AreAllThere()
    {
        var layout = Document.Of("CONTRIBUTING.md").Blocks.Single(block => block.Language == "text").Text;
        var host = FoldersOf("src/Bioproxy.Host").ToList();
        var folders = host.Concat(host.SelectMany(FoldersOf)).Concat(FoldersOf("src")).Concat(FoldersOf("tests"));

        var unnamed = folders.Select(Path.GetFileName).Where(name => !layout.Contains($"{name}/", StringComparison.Ordinal));

        Assert.Empty(unnamed);
    }

    private static IEnumerable<string> FoldersOf(string folder) =>
        Directory.EnumerateDirectories(Path.Combine(Document.Root, folder)).Where(inside => !NotOurs.Contains(Path.GetFileName(inside)));
}
