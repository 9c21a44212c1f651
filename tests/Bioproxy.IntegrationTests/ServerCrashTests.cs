using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>llama-server is killed at every step of a save and of a restore, and started again at the same address.</summary>
public sealed class ServerCrashTests(ITestOutputHelper output, LearnedConversations conversations) : IClassFixture<LearnedConversations>
{
    private readonly Conversation _one = conversations.One;
    private readonly Conversation _other = conversations.Other;

    /// <param name="step">Where the server is killed. "And asked again": the answer is lost when the new server already runs, and the proxy
    /// asks that one to save the same slot.</param>
    /// <param name="isFolderKnown">Whether the proxy can see the slot folder (kv.directory).</param>
    [Theory]
    [InlineData("before the call", true)]
    [LongInlineData("while it writes", false)]
    [LongInlineData("before its answer", true)]
    [InlineData("before its answer, and asked again", false)]
    [InlineData("after its answer", true)]
    public async Task Save_ServerKilledWithinIt_OlderSnapshotIsUsed(string step, bool isFolderKnown)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 2) with { CacheRamMiB = 0 });
        await using var relay = Relay.Start(server.BaseAddress);
        await using var proxy = await workspace.StartProxyAsync(relay.Address, o => KeepingAll(o, isFolderKnown ? workspace.Slots : null));
        var disk = new SnapshotDisk(workspace);
        await SaveBothAsync(proxy);
        var next = disk.FileOf(disk.Name(3));
        if (step == "while it writes")
            SnapshotDisk.MakeHanging(next);

        var instance = proxy.Instance;
        var hold = relay.Hold("save", isAnswered: step != "before the call");
        _one.AssertRight(1, await proxy.SendAsync(_one.Request(1), CancellationToken.None));
        await (step == "while it writes" ? hold.Sent : hold.Stopped).DefaultTimeout();
        await server.KillAsync().DefaultTimeout();
        if (step == "while it writes")
        {
            // What it would have left in a real file.
            File.Delete(next);
            var whole = await File.ReadAllBytesAsync(disk.FileOf(disk.Name(1)));
            await File.WriteAllBytesAsync(next, whole[..(whole.Length / 2)]);
        }

        if (step == "after its answer")
            hold.Release();
        if (step.EndsWith("again", StringComparison.Ordinal))
            server = await workspace.RestartAsync(server);
        hold.Drop();
        await proxy.WaitForLogAsync("was not saved when idle");
        if (!step.EndsWith("again", StringComparison.Ordinal))
            await workspace.RestartAsync(server);
        await proxy.WaitUntilRecognisedAsync(after: instance);

        var answer = await proxy.SendAsync(_one.Request(2), CancellationToken.None);
        _one.AssertRight(2, answer);
        Assert.Equal("restored", answer.Cache);
        Assert.InRange(answer.CachedTokens, _one.Expected[0].PromptTokens, _one.Expected[1].PromptTokens);
        await AssertGoesOnAsync(proxy, disk, isFolderKnown, saves: 4);
    }

    [Theory]
    [InlineData("before the call", true)]
    [LongInlineData("while it reads", false)]
    [InlineData("before its answer", true)]
    [InlineData("before its answer, and asked again", false)]
    [InlineData("after its answer", true)]
    public async Task Restore_ServerKilledWithinIt_IsRestoredByTheNext(string step, bool isFolderKnown)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 2) with { CacheRamMiB = 0 });
        await using var relay = Relay.Start(server.BaseAddress);
        await using var proxy = await workspace.StartProxyAsync(relay.Address, o => KeepingAll(o, isFolderKnown ? workspace.Slots : null));
        var disk = new SnapshotDisk(workspace);
        await SaveBothAsync(proxy);
        var instance = proxy.Instance;
        server = await workspace.RestartAsync(server);
        await proxy.WaitUntilRecognisedAsync(after: instance);

        instance = proxy.Instance;
        var hold = relay.Hold("restore", isAnswered: step is not ("before the call" or "while it reads"));
        var asking = TryAskAsync(proxy);
        await hold.Stopped.DefaultTimeout();
        var file = disk.FileOf(disk.Name(2));
        if (step == "while it reads")
        {
            File.Move(file, file + ".aside");
            SnapshotDisk.MakeHanging(file);
            hold.Release();
        }

        await server.KillAsync().DefaultTimeout();
        if (step == "while it reads")
            File.Move(file + ".aside", file, overwrite: true);
        if (step.EndsWith("again", StringComparison.Ordinal) || step == "after its answer")
            server = await workspace.RestartAsync(server);
        if (step == "after its answer")
            hold.Release();
        hold.Drop();

        // Either it failed with the server, or the new one computed it: what the old one restored must not be assumed.
        if (await asking is { } interrupted)
        {
            _one.AssertRight(1, interrupted);
            Assert.NotEqual("hot", interrupted.Cache);
        }

        if (server.HasExited)
            await workspace.RestartAsync(server);
        await proxy.WaitUntilRecognisedAsync(after: instance);
        var answer = await proxy.SendAsync(_one.Request(2), CancellationToken.None);
        _one.AssertRight(2, answer);
        Assert.InRange(answer.CachedTokens, _one.Expected[0].PromptTokens, _one.Expected[2].PromptTokens);
        await AssertGoesOnAsync(proxy, disk, isFolderKnown, saves: 4);
        Assert.Empty(proxy.App.Snapshots.Quarantined);
    }

    private async Task SaveBothAsync(TestProxy proxy)
    {
        await proxy.WaitUntilRecognisedAsync();
        _other.AssertRight(0, await proxy.SendAsync(_other.Request(0), CancellationToken.None));
        await proxy.WaitUntilSavedAsync(1);
        _one.AssertRight(0, await proxy.SendAsync(_one.Request(0), CancellationToken.None));
        await proxy.WaitUntilSavedAsync(2);
    }

    /// <summary>
    /// Asserts that the other conversation is restored as well, that both are saved again, and that nothing else is on the disk.
    /// </summary>
    private async Task AssertGoesOnAsync(TestProxy proxy, SnapshotDisk disk, bool isFolderKnown, int saves)
    {
        var answer = await proxy.SendAsync(_other.Request(1), CancellationToken.None);
        _other.AssertRight(1, answer);
        Assert.Equal("restored", answer.Cache);
        await proxy.WaitUntilSavedAsync(saves);
        await Eventually.TrueAsync(() => proxy.App.Snapshots.Count == 2, Tolerances.Soon, "the older ones are removed");
        await proxy.DisposeAsync();
        await disk.AssertConsistentAsync(isFolderKnown);
        Assert.Equal(2, disk.Described.Count);
    }

    private async Task<Answer?> TryAskAsync(TestProxy proxy)
    {
        using var request = TestProxy.Request(_one.Request(1));
        using var response = await proxy.Client.SendAsync(request).DefaultTimeout();
        var text = await response.Content.ReadAsStringAsync().DefaultTimeout();
        output.WriteLine($"while the server was killed: {(int)response.StatusCode}");
        return response.IsSuccessStatusCode
            ? new Answer(response.StatusCode, TestProxy.Header(response, "X-Bioproxy-Cache"), null,
                System.Text.Json.Nodes.JsonNode.Parse(text)!)
            : null;
    }

    private static ProxyOptions KeepingAll(ProxyOptions options, string? folder) =>
        options with
        {
            KvSave = SaveMode.Always,
            KvMinTokens = 128,
            KvIdleSave = TimeSpan.FromMilliseconds(100),
            KvMinFreeBytes = 0,
            KvDirectory = folder,
        };
}
