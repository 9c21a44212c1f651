using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// A full disk (/dev/full in place of a file): the conversation stays in its slot, no snapshot is added, the log says why, and once there
/// is space it is saved.
/// </summary>
public sealed class FullDiskTests(ITestOutputHelper output, LearnedConversations conversations) : IClassFixture<LearnedConversations>
{
    private readonly Conversation _one = conversations.One;

    [Theory]
    [InlineData("the snapshot", true)]
    [InlineData("the snapshot", false)]
    [InlineData("the sidecar", true)]
    [LongInlineData("the sidecar", false)]
    public async Task Save_DiskIsFull_ConversationStaysHotAndIsSavedLater(string what, bool isFolderKnown)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 2) with { CacheRamMiB = 0 });
        await using var proxy = await workspace.StartProxyAsync(server, o => o with
        {
            KvSave = SaveMode.Always,
            KvMinTokens = 128,
            KvIdleSave = TimeSpan.FromMilliseconds(100),
            KvMinFreeBytes = 0,
            KvDirectory = isFolderKnown ? workspace.Slots : null,
        });
        await proxy.WaitUntilRecognisedAsync();
        var disk = new SnapshotDisk(workspace);
        var file = disk.FileOf(disk.Name(1));
        var full = what == "the snapshot" ? file : disk.SidecarOf(disk.Name(1)) + ".tmp";
        File.CreateSymbolicLink(full, "/dev/full");

        _one.AssertRight(0, await proxy.SendAsync(_one.Request(0), CancellationToken.None));
        await proxy.WaitForLogAsync(what == "the snapshot" ? "was not saved when idle: Unable to save slot"
            : "was not saved when idle: its description could not be written");
        Assert.Equal(0, proxy.App.Snapshots.Count);
        Assert.Empty(disk.Described);
        await Eventually.TrueAsync(() => isFolderKnown ? disk.Files.Count == 0 : what == "the snapshot"
            || new FileInfo(file).Length < 100, Tolerances.Soon, "the file is removed");

        File.Delete(full); // there is space again
        var answer = await proxy.SendAsync(_one.Request(1), CancellationToken.None);
        _one.AssertRight(1, answer);
        Assert.Equal("hot", answer.Cache);
        await proxy.WaitUntilSavedAsync(1);
        var instance = proxy.Instance;
        await workspace.RestartAsync(server);
        await proxy.WaitUntilRecognisedAsync(after: instance);
        answer = await proxy.SendAsync(_one.Request(2), CancellationToken.None);
        _one.AssertRight(2, answer);
        Assert.Equal("restored", answer.Cache);
        await proxy.DisposeAsync();
        await disk.AssertConsistentAsync(isFolderKnown);
    }
}
