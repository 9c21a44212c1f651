using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;

namespace Bioproxy.UnitTests.Pool;

public sealed class PoolFoldersTests
{
    [Theory]
    [InlineData("qwen-2.5_Coder", "qwen-2.5_Coder")]
    [InlineData("..", "%2e.")]
    [InlineData("a/b", "a%2fb")]
    [InlineData("a%2fb", "a%252fb")]
    [InlineData("modèle", "mod%c3%a8le")]
    public void SlotsOf_Name_IsOneSafeFolder(string model, string expected) =>
        Assert.Equal($"/slots/{expected}", new PoolFolders("/children", "/slots", "/").SlotsOf(model));

    [Fact]
    public void CreateSlotsOf_AnyModel_OnlyItsOwnerMayRead()
    {
        var root = Directory.CreateTempSubdirectory("bioproxy-pool-");
        try
        {
            var folders = new PoolFolders("/children", Path.Combine(root.FullName, "pool", "slots"), "/");
            folders.CreateSlotsOf("qwen");

            const UnixFileMode Others =
                UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
            var modes = new[] { folders.Slots, folders.SlotsOf("qwen") }.Select(folder => new DirectoryInfo(folder).UnixFileMode & Others);
            Assert.All(modes, mode => Assert.True(OperatingSystem.IsWindows() || mode == UnixFileMode.None));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }
}
