using Bioproxy.Host.Plugins;

namespace Bioproxy.UnitTests.Plugins;

public sealed class EmbeddedPluginsTests : IDisposable
{
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("bioproxy-embedded-");

    public void Dispose() => _temporary.Delete(recursive: true);

    [Fact]
    public void Unpack_AssemblyWithPlugins_WritesThemInTheirFoldersUntilItIsDisposed()
    {
        using var folder = EmbeddedPlugins.Unpack(typeof(EmbeddedPluginsTests).Assembly, _temporary.FullName, out var problem)!;

        Assert.Null(problem);
        Assert.Equal("not really code", File.ReadAllText(Path.Combine(folder.Path, "Acme", "Acme.dll")).Trim());
        folder.Dispose();
        Assert.Empty(_temporary.GetFileSystemInfos());
    }

    [Fact]
    public void Unpack_AssemblyWithoutPlugins_WritesNothing()
    {
        Assert.Null(EmbeddedPlugins.Unpack(typeof(EmbeddedPlugins).Assembly, _temporary.FullName, out var problem));

        Assert.Null(problem);
        Assert.Empty(_temporary.GetFileSystemInfos());
    }

    [Fact]
    public void Unpack_FolderThatCannotBeWritten_SaysWhatToDo()
    {
        var missing = Path.Combine(_temporary.FullName, "missing");

        Assert.Null(EmbeddedPlugins.Unpack(typeof(EmbeddedPluginsTests).Assembly, missing, out var problem));

        Assert.Contains("Set TMPDIR", problem, StringComparison.Ordinal);
    }
}
