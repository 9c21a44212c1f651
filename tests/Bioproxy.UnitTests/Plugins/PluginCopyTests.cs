using Bioproxy.Host.Plugins;

namespace Bioproxy.UnitTests.Plugins;

public sealed class PluginCopyTests : IDisposable
{
    private readonly FixturePlugins _plugins = new();
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("bioproxy-copies-");

    public void Dispose()
    {
        _plugins.Dispose();
        _temporary.Delete(recursive: true);
    }

    [Fact]
    public void Of_Plugin_CopiesItsCodeWithoutTheContractAndDeletesTheCopy()
    {
        var folder = _plugins.Add("OwnCopy");
        _plugins.AddFile("Bioproxy.Fixtures.OwnCopy/notes.txt", "x");

        var copy = PluginCopy.Of(Candidate(folder), _temporary.FullName);

        Assert.Null(copy.Note);
        Assert.Equal("Bioproxy.Fixtures.OwnCopy.dll", Path.GetFileName(copy.MainFile));
        var files = Directory.GetFiles(Path.GetDirectoryName(copy.MainFile)!).Select(Path.GetFileName).Order(StringComparer.Ordinal);
        Assert.Equal(["Bioproxy.Fixtures.OwnCopy.deps.json", "Bioproxy.Fixtures.OwnCopy.dll", "Bioproxy.Fixtures.OwnCopy.pdb"], files);
        copy.Dispose();
        Assert.Empty(_temporary.GetFileSystemInfos());
    }

    [Fact]
    public void Of_SingleFile_CopiesNothingFromBesideIt()
    {
        var folder = _plugins.Add("Good");

        using var copy = PluginCopy.Of(Candidate(Path.Combine(folder, "Bioproxy.Fixtures.Good.dll")), _temporary.FullName);

        Assert.DoesNotContain("Bioproxy.Fixtures.Library.dll", Directory.GetFiles(Path.GetDirectoryName(copy.MainFile)!)
            .Select(Path.GetFileName));
    }

    [Fact]
    public void Of_FolderForCopiesThatCannotBeWritten_UsesThePluginWhereItIs()
    {
        var candidate = Candidate(_plugins.Add("Good"));

        using (var copy = PluginCopy.Of(candidate, Path.Combine(_temporary.FullName, "absent")))
        {
            Assert.Equal(candidate.MainFile, copy.MainFile);
            Assert.Contains("set TMPDIR to a writable folder", copy.Note, StringComparison.Ordinal);
        }

        Assert.True(File.Exists(candidate.MainFile));
    }

    [Fact]
    public void DeleteAbandoned_CopyOfAProcessThatCrashed_IsDeletedAndOneInUseIsNot()
    {
        var candidate = Candidate(_plugins.Add("Good"));
        using var used = PluginCopy.Of(candidate, _temporary.FullName);

        // What a crash leaves: the files, and a lock that no process holds.
        var abandoned = _temporary.CreateSubdirectory("bioproxy-plugin-crashed");
        File.WriteAllText(Path.Combine(abandoned.FullName, "a.dll"), "");
        File.WriteAllText(abandoned.FullName + ".lock", "");

        TemporaryFolder.DeleteAbandoned(_temporary.FullName);
        TemporaryFolder.DeleteAbandoned(_temporary.FullName);

        Assert.True(File.Exists(used.MainFile));
        Assert.Single(_temporary.GetDirectories());
        Assert.Single(_temporary.GetFiles());
    }

    [Fact]
    public void Unload_LoadedPlugin_DeletesItsCopy()
    {
        var folder = _plugins.Add("Good", name: "CopyOfAUniqueName");
        File.Move(Path.Combine(folder, "Bioproxy.Fixtures.Good.dll"), Path.Combine(folder, "CopyOfAUniqueName.dll"));
        var set = _plugins.Load();
        Assert.Null(Assert.Single(set.Statuses).Problem);
        Assert.Single(Copies());

        set.Unload();

        Assert.Empty(Copies());

        static string[] Copies() =>
            Directory.GetFiles(Path.GetTempPath(), "CopyOfAUniqueName.dll",
                new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 })
            .Where(file => Path.GetFileName(Path.GetDirectoryName(file))!.StartsWith("bioproxy-plugin-",
            StringComparison.Ordinal)).ToArray();
    }

    private static PluginCandidate Candidate(string path) => Assert.Single(PluginFinder.At(path, []));
}
