using Bioproxy.Host.Plugins;

namespace Bioproxy.UnitTests.Plugins;

public sealed class PluginFingerprintTests : IDisposable
{
    private static readonly DateTime Time = new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bioproxy-fingerprint-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Of_Folder_ChangesWithEveryFileAndNothingElse()
    {
        var folder = new PluginCandidate("a", _folder.FullName, Write("a.dll", "x"), null);
        Write("sub/b.json", "y");
        var seen = new HashSet<string> { PluginFingerprint.Of(folder) };
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "empty"));
        Assert.False(seen.Add(PluginFingerprint.Of(folder)));

        Write("sub/b.json", "longer");
        Assert.True(seen.Add(PluginFingerprint.Of(folder)));
        File.SetLastWriteTimeUtc(Path.Combine(_folder.FullName, "sub/b.json"), Time.AddTicks(1));
        Assert.True(seen.Add(PluginFingerprint.Of(folder)));
        Write("sub/c.txt", "");
        Assert.True(seen.Add(PluginFingerprint.Of(folder)));
        File.Move(Path.Combine(_folder.FullName, "sub/c.txt"), Path.Combine(_folder.FullName, "sub/d.txt"));
        Assert.True(seen.Add(PluginFingerprint.Of(folder)));
        File.Delete(Path.Combine(_folder.FullName, "a.dll"));
        Assert.True(seen.Add(PluginFingerprint.Of(folder)));
        Assert.False(seen.Add(PluginFingerprint.Of(folder)));
    }

    [Fact]
    public void Of_SingleFile_ChangesWithItsOwnFilesOnly()
    {
        var file = Write("a.dll", "x");
        var single = new PluginCandidate("a", file, file, null);
        var seen = new HashSet<string> { PluginFingerprint.Of(single) };

        Write("b.dll", "x");
        Assert.False(seen.Add(PluginFingerprint.Of(single)));
        Write("a.pdb", "x");
        Assert.True(seen.Add(PluginFingerprint.Of(single)));
        Write("a.deps.json", "{}");
        Assert.True(seen.Add(PluginFingerprint.Of(single)));
        File.Delete(file);
        Assert.True(seen.Add(PluginFingerprint.Of(single)));
    }

    [Fact]
    public void Of_FolderThatIsGone_IsAnotherOne()
    {
        var folder = new PluginCandidate("a", Path.Combine(_folder.FullName, "gone"), null, null);

        Assert.StartsWith("unreadable: ", PluginFingerprint.Of(folder), StringComparison.Ordinal);
    }

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        File.SetLastWriteTimeUtc(path, Time);
        return path;
    }
}
