using Bioproxy.Host.Configuration;

namespace Bioproxy.UnitTests.Configuration;

public sealed class LiveOptionsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bioproxy-live-");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Kubernetes mounts configurations as links that do not change themselves.</summary>
    [Fact]
    public void ChangedAt_FileIsALink_IsTheTimeOfItsTarget()
    {
        var target = Path.Combine(_folder.FullName, "target.json");
        File.WriteAllText(target, "{}");
        var changed = new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(target, changed);
        var link = File.CreateSymbolicLink(Path.Combine(_folder.FullName, "config.json"), target).FullName;

        Assert.Equal(changed, ChangedAt(link));
        Assert.Equal(default, ChangedAt(Path.Combine(_folder.FullName, "none.json")));
        Assert.Equal(default, ChangedAt(null));
    }

    private DateTime ChangedAt(string? file) => new LiveOptions(
        new ProxyOptions { BaseDirectory = _folder.FullName, StateDirectory = _folder.FullName, ConfigFile = file }).ChangedAt;
}
