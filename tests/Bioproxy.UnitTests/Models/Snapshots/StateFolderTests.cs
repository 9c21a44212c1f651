using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.UnitTests.Models.Snapshots;

public sealed class StateFolderTests : IDisposable
{
    private readonly string _state = Directory.CreateTempSubdirectory("bioproxy-test-").FullName;

    public void Dispose() => Directory.Delete(_state, recursive: true);

    [Fact]
    public void Lock_Twice_TheSecondIsToldWhatToDo()
    {
        var folder = Folder("http://localhost:8081");
        using (folder.Lock())
        {
            var refused = Assert.Throws<StateInUseException>(Folder("http://localhost:8081").Lock);

            Assert.Equal($"another bioproxy uses {folder.Path}; give each a state_directory of its own", refused.Message);
        }

        using (folder.Lock())
            Assert.True(Directory.Exists(folder.Snapshots)); // given back
    }

    [Fact]
    public void Lock_AnotherBackend_HasItsOwn()
    {
        using var one = Folder("http://localhost:8081").Lock();
        using var other = Folder("http://localhost:8082").Lock();

        Assert.NotSame(one, other);
    }

    [Fact]
    public void Create_Folders_OnlyTheirOwnerMayRead()
    {
        var folder = Folder("unix:/run/llama.sock");
        folder.Create();

        const UnixFileMode Others =
            UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        Assert.EndsWith("unix-run-llama.sock", folder.Path, StringComparison.Ordinal);
        Assert.All(
            [Path.GetDirectoryName(folder.Path)!, folder.Path, folder.Snapshots, folder.Fingerprints],
            path => Assert.True(OperatingSystem.IsWindows() || (new DirectoryInfo(path).UnixFileMode & Others) == UnixFileMode.None));
    }

    private StateFolder Folder(string backend) =>
        new(new ProxyOptions { BaseDirectory = _state, StateDirectory = _state, BackendUrl = new Uri(backend) });
}
