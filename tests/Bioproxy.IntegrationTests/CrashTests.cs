using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// The proxy is killed at every step of a conversation's save. The next one finds what was saved before, answers correctly, and leaves no
/// stray files.
/// </summary>
public sealed class CrashTests(ITestOutputHelper output, LearnedConversations conversations) : IClassFixture<LearnedConversations>
{
    private readonly Conversation _one = conversations.One;
    private readonly Conversation _other = conversations.Other;

    /// <param name="step">Where the proxy is killed. Steps on the network are held there; steps on files are too short for that, so what a
    /// kill would leave is made by hand.</param>
    /// <param name="isFolderKnown">Whether the proxy can see the slot folder (kv.directory).</param>
    /// <param name="isServerKilled">Whether the server is killed, too.</param>
    [Theory]
    [LongInlineData("before the call", true, true)]
    [LongInlineData("before the call", false, false)]
    [LongInlineData("while the server writes", true, true)]
    [LongInlineData("while the server writes", true, false)]
    [InlineData("before the sidecar", false, true)]
    [LongInlineData("before the sidecar", true, false)]
    [LongInlineData("within the sidecar", true, true)]
    [LongInlineData("within the sidecar", false, false)]
    [LongInlineData("before the older snapshot is removed", false, true)]
    [InlineData("after the older's sidecar is removed", true, true)]
    public async Task Save_ProxyKilledWithinIt_NextProxyUsesWhatWasSavedBefore(string step, bool isFolderKnown, bool isServerKilled)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 2) with { CacheRamMiB = 0 });
        await using var relay = Relay.Start(server.BaseAddress);
        workspace.WriteConfig(relay.Address, KeepingAll(isFolderKnown));
        var disk = new SnapshotDisk(workspace);

        await using (var first = await BioproxyRun.StartAsync(workspace.ConfigFile, output))
        {
            await first.WaitUntilRecognisedAsync();
            _other.AssertRight(0, await first.SendAsync(_other.Request(0)));
            await first.WaitUntilSavedAsync(1);
            _one.AssertRight(0, await first.SendAsync(_one.Request(0)));
            await first.WaitUntilSavedAsync(2);
            Assert.Equal([disk.Name(1), disk.Name(2)], disk.Described);
            await KillWithinTheSaveAsync(step, first, relay, disk);
        }

        if (isServerKilled)
            await workspace.RestartAsync(server);
        await using var second = await BioproxyRun.StartAsync(workspace.ConfigFile, output);
        Assert.Equal("", disk.Problems(isFolderKnown));
        if (isFolderKnown && step is not ("before the call" or "before the older snapshot is removed"))
            Assert.True(second.HasSaid("1 files without a sidecar removed"));
        await second.WaitUntilRecognisedAsync();

        var answer = await second.SendAsync(_one.Request(2));
        _one.AssertRight(2, answer);
        Assert.Equal("restored", answer.Cache);
        var saved = step.Contains("older", StringComparison.Ordinal) ? 1 : 0;
        Assert.InRange(answer.CachedTokens, _one.Expected[saved].PromptTokens, _one.Expected[saved + 1].PromptTokens);
        var others = await second.SendAsync(_other.Request(1));
        _other.AssertRight(1, others);
        Assert.Equal("restored", others.Cache);

        await second.WaitUntilSavedAsync(2);
        Assert.Equal(0, await second.StopAsync());
        await disk.AssertConsistentAsync(isFolderKnown);
        Assert.Equal(2, disk.Described.Count); // the newer sidecar names the older one that it replaces
        // where files cannot be deleted, they are emptied and their names are used again
        Assert.InRange(disk.Files.Count, disk.Described.Count, 4);
    }

    private async Task KillWithinTheSaveAsync(string step, BioproxyRun proxy, Relay relay, SnapshotDisk disk)
    {
        var next = disk.Name(3);
        if (step == "while the server writes")
            SnapshotDisk.MakeHanging(disk.FileOf(next));
        if (step.Contains("older", StringComparison.Ordinal))
        {
            var older = disk.Name(2);
            var (file, sidecar) = (await File.ReadAllBytesAsync(disk.FileOf(older)), await File.ReadAllBytesAsync(disk.SidecarOf(older)));
            _one.AssertRight(1, await proxy.SendAsync(_one.Request(1)));
            await proxy.WaitUntilSavedAsync(3);
            await Eventually.TrueAsync(() => !File.Exists(disk.SidecarOf(older)), Tolerances.Soon, "the older snapshot is removed");
            await proxy.KillAsync();

            await File.WriteAllBytesAsync(disk.FileOf(older), file);
            if (step == "before the older snapshot is removed")
                await File.WriteAllBytesAsync(disk.SidecarOf(older), sidecar);
            return;
        }

        var hold = relay.Hold("save", isAnswered: step != "before the call");
        _one.AssertRight(1, await proxy.SendAsync(_one.Request(1)));
        await hold.Sent.DefaultTimeout();
        if (step != "while the server writes")
            await hold.Stopped.DefaultTimeout();
        await proxy.KillAsync();
        if (step == "while the server writes")
        {
            // The server abandons this write. A killed server, or one whose disk is full, leaves a part of the file.
            await Task.Run(() => File.OpenRead(disk.FileOf(next)).Dispose()).DefaultTimeout();
            File.Delete(disk.FileOf(next));
            var whole = await File.ReadAllBytesAsync(disk.FileOf(disk.Name(2)));
            await File.WriteAllBytesAsync(disk.FileOf(next), whole[..(whole.Length / 2)]);
        }
        else if (step != "before the call")
        {
            Assert.True(File.Exists(disk.FileOf(next)));
        }

        if (step == "within the sidecar")
        {
            var sidecar = await File.ReadAllTextAsync(disk.SidecarOf(disk.Name(2)));
            await File.WriteAllTextAsync(disk.SidecarOf(next) + ".tmp", sidecar[..(sidecar.Length / 2)]);
        }
    }

    private static JsonObject KeepingAll(bool isFolderKnown)
    {
        var kv = new JsonObject { ["save"] = "always", ["min_tokens"] = 128, ["idle_save_seconds"] = 0.1, ["min_free_bytes"] = "1 KiB" };
        if (isFolderKnown)
            kv["directory"] = "slots";
        return new JsonObject { ["kv"] = kv, ["plugin_directories"] = new JsonArray() };
    }
}
