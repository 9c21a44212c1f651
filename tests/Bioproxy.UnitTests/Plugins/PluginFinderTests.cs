using Bioproxy.Host.Plugins;

namespace Bioproxy.UnitTests.Plugins;

public sealed class PluginFinderTests : IDisposable
{
    private readonly FixturePlugins _plugins = new();

    public void Dispose() => _plugins.Dispose();

    [Fact]
    public void At_PluginFolder_IsThatPlugin()
    {
        _plugins.AddFile("Mine/Mine.dll", "");
        _plugins.AddFile("Mine/de/Mine.resources.dll", "");

        var candidate = Assert.Single(At("Mine" + Path.DirectorySeparatorChar));

        Assert.Equal(("Mine", Path.Combine(_plugins.Folder, "Mine"), null), (candidate.Name, candidate.Path, candidate.Problem));
    }

    [Fact]
    public void At_File_IsThatPlugin()
    {
        var file = _plugins.AddFile("Mine/Mine.dll", "");

        var candidate = Assert.Single(At("Mine/Mine.dll"));

        Assert.Equal(("Mine", file, true), (candidate.Name, candidate.Path, candidate.IsSingleFile));
    }

    [Fact]
    public void At_FolderOfPlugins_IsEachOfThem()
    {
        _plugins.AddFile("Mine/Mine.dll", "");
        Directory.CreateDirectory(Path.Combine(_plugins.Folder, "Empty"));

        Assert.Equal([("Empty", false), ("Mine", true)], At(".").Select(candidate => (candidate.Name, candidate.MainFile is not null)));
    }

    [Fact]
    public void At_ConfiguredDirectory_IsAFolderOfPluginsThoughADllLiesInIt()
    {
        _plugins.AddFile("Alone.dll", "");
        _plugins.AddFile("Mine/Mine.dll", "");

        Assert.Equal(["Alone", "Mine"], PluginFinder.At(_plugins.Folder, [_plugins.Folder + Path.DirectorySeparatorChar])
            .Select(candidate => candidate.Name));
        Assert.Equal([Path.GetFileName(_plugins.Folder)], PluginFinder.At(_plugins.Folder, []).Select(candidate => candidate.Name));
    }

    [Fact]
    public void At_FolderWithoutAnyDll_IsAPluginWithAProblem()
    {
        _plugins.AddFile("Source/src/Mine.cs", "");

        Assert.Contains("contains no plugin DLL", Assert.Single(At("Source")).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("nowhere.dll")]
    [InlineData("readme.txt")]
    public void At_NoFolderAndNoDll_IsNothing(string path)
    {
        _plugins.AddFile("readme.txt", "");

        Assert.Empty(At(path));
    }

    private IReadOnlyList<PluginCandidate> At(string path) => PluginFinder.At(Path.GetFullPath(path, _plugins.Folder), []);
}
