using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// Files of saved conversations that are damaged behind the proxy's back: answers stay correct, and the log says what happened.
/// </summary>
public sealed class DamagedConversationTests(ITestOutputHelper output, LearnedConversations conversations)
    : IClassFixture<LearnedConversations>
{
    private readonly Conversation _one = conversations.One;
    private readonly Conversation _other = conversations.Other;
    private readonly Conversation _third = conversations.Third;

    [Theory]
    [LongInlineData(true)]
    [InlineData(false)]
    public async Task Start_SidecarCutInHalf_IsSetAsideAndTheConversationComputedAgain(bool isFolderKnown)
    {
        await using var workspace = new Workspace(output);
        var (server, disk) = await SaveAllAsync(workspace, isFolderKnown);
        var sidecar = disk.SidecarOf(disk.Name(1));
        var text = await File.ReadAllTextAsync(sidecar);
        await File.WriteAllTextAsync(sidecar, text[..(text.Length / 2)]);
        await workspace.RestartAsync(server);

        await using var proxy = await StartAsync(workspace, server, isFolderKnown);
        Assert.True(proxy.Logged($"The sidecar {sidecar} is unusable"));
        Assert.True(File.Exists(sidecar + ".quarantined"));
        Assert.Equal("", disk.Problems(isFolderKnown));
        var answer = await proxy.SendAsync(_one.Request(1), CancellationToken.None);
        _one.AssertRight(1, answer);
        Assert.Equal("cold", answer.Cache);
        await proxy.WaitUntilSavedAsync(1);
        await AssertRestoredAsync(proxy, _other, 1);
    }

    /// <param name="isSameSize">The other conversation's file has as many tokens and bytes: only its content is wrong.</param>
    /// <param name="isFolderKnown">Whether the proxy can see the slot folder (kv.directory).</param>
    [Theory]
    [LongInlineData(true, true)]
    [LongInlineData(true, false)]
    [LongInlineData(false, true)]
    [InlineData(false, false)]
    public async Task NextTurn_FileIsAnotherConversations_IsAnsweredRightAndSaved(bool isSameSize, bool isFolderKnown)
    {
        await using var workspace = new Workspace(output);
        var (server, disk) = await SaveAllAsync(workspace, isFolderKnown);
        File.Copy(disk.FileOf(disk.Name(isSameSize ? 2 : 3)), disk.FileOf(disk.Name(1)), overwrite: true);
        server = await workspace.RestartAsync(server);
        await using var next = await StartAsync(workspace, server, isFolderKnown);

        var answer = await next.SendAsync(_one.Request(1), CancellationToken.None);
        _one.AssertRight(1, answer);
        Assert.Equal(isSameSize ? "ineffective" : "cold", answer.Cache);
        Assert.InRange(answer.CachedTokens, 0, _one.Expected[0].PromptTokens / 10);
        if (isSameSize || !isFolderKnown)
        {
            await Eventually.TrueAsync(() => next.App.Snapshots.Quarantined.Count > 0, Tolerances.Soon, "it is quarantined");
            Assert.Contains(isSameSize ? "the backend reused"
                : "restoring gave", Assert.Single(next.App.Snapshots.Quarantined), StringComparison.Ordinal);
        }
        else
        {
            Assert.True(next.Logged("1 snapshots without their file dropped"));
        }

        await next.WaitUntilSavedAsync(1);
        await AssertRestoredAsync(next, _other, 1);
        var instance = next.Instance;
        await workspace.RestartAsync(server);
        await next.WaitUntilRecognisedAsync(after: instance);
        await AssertRestoredAsync(next, _one, 2);
        await next.DisposeAsync();
        await disk.AssertConsistentAsync(isFolderKnown);
    }

    private static async Task AssertRestoredAsync(TestProxy proxy, Conversation conversation, int turn)
    {
        var answer = await proxy.SendAsync(conversation.Request(turn), CancellationToken.None);
        conversation.AssertRight(turn, answer);
        Assert.Equal("restored", answer.Cache);
    }

    /// <summary>Three conversations are saved as 1, 2 and 3, the third one longer; then the proxy stops.</summary>
    private async Task<(LlamaServer Server, SnapshotDisk Disk)> SaveAllAsync(Workspace workspace, bool isFolderKnown)
    {
        workspace.UseModel();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 4) with { CacheRamMiB = 0 });
        await using var proxy = await StartAsync(workspace, server, isFolderKnown);
        foreach (var (conversation, turn) in new[] { (_one, 0), (_other, 0), (_third, 1) })
        {
            var saves = proxy.Saves;
            conversation.AssertRight(turn, await proxy.SendAsync(conversation.Request(turn), CancellationToken.None));
            await proxy.WaitUntilSavedAsync(saves + 1);
        }

        return (server, new SnapshotDisk(workspace));
    }

    private static async Task<TestProxy> StartAsync(Workspace workspace, LlamaServer server, bool isFolderKnown)
    {
        var proxy = await workspace.StartProxyAsync(server, o => Keeping(o, workspace, isFolderKnown));
        await proxy.WaitUntilRecognisedAsync();
        return proxy;
    }

    private static ProxyOptions Keeping(ProxyOptions options, Workspace workspace, bool isFolderKnown) => options with
    {
        KvSave = SaveMode.Always,
        KvMinTokens = 128,
        KvIdleSave = TimeSpan.FromMilliseconds(100),
        KvMinFreeBytes = 0,
        KvDirectory = isFolderKnown ? workspace.Slots : null,
    };
}
