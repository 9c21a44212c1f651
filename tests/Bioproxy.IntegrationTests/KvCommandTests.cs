using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// <c>bioproxy kv</c> on snapshots of the real server, with the proxy running and stopped; and a second proxy with the same state folder.
/// </summary>
public sealed class KvCommandTests(ITestOutputHelper output, LearnedConversations conversations) : IClassFixture<LearnedConversations>
{
    private readonly Conversation _one = conversations.One;
    private readonly Conversation _other = conversations.Other;
    private readonly Conversation _third = conversations.Third;

    /// <param name="isRunning">The running proxy answers through its admin port; otherwise the command works on the files itself.</param>
    /// <param name="isFolderKnown">Files are deleted (kv.directory); otherwise an empty slot, of which this server has some, is saved in
    /// their place.</param>
    [Theory]
    [InlineData(true, true)]
    [LongInlineData(true, false)]
    [LongInlineData(false, true)]
    [LongInlineData(false, false)]
    public async Task Kv_SnapshotsOfTheRealServer_AreListedShownAndDropped(bool isRunning, bool isFolderKnown)
    {
        await using var workspace = new Workspace(output);
        var server = await PrepareAsync(workspace, isFolderKnown);
        var disk = new SnapshotDisk(workspace);
        await using var proxy = await BioproxyRun.StartAsync(workspace.ConfigFile, output);
        await proxy.WaitUntilRecognisedAsync();
        await AskAsync(proxy, _one, "sk-one");
        await proxy.WaitUntilSavedAsync(1);
        await AskAsync(proxy, _other, "sk-other");
        await proxy.WaitUntilSavedAsync(2);
        await AskAsync(proxy, _third, "sk-other");
        await proxy.WaitUntilSavedAsync(3);
        var files = disk.Described;
        Assert.Equal(3, files.Count);
        if (!isRunning)
            Assert.Equal(0, await proxy.StopAsync());

        var list = await KvAsync(workspace, 0, "list");
        Assert.All(files, file => Assert.Contains(file, list, StringComparison.Ordinal));
        AssertLinesUp(list);
        var shown = await KvAsync(workspace, 0, "show", files[0]);
        Assert.Contains(files[0], shown, StringComparison.Ordinal);
        Assert.Contains("nowhere.bin", await KvAsync(workspace, 1, "show", "nowhere.bin"), StringComparison.Ordinal);
        await KvAsync(workspace, 0, "gc", "--dry-run");
        Assert.Equal(files, disk.Described);

        Assert.Contains(files[0], await KvAsync(workspace, 0, "drop", files[0]), StringComparison.Ordinal);
        Assert.Equal(files.Skip(1), disk.Described);
        await AssertGoneAsync(disk, isFolderKnown, files[0]);
        Assert.Contains("There is no snapshot", await KvAsync(workspace, 1, "drop", files[0]), StringComparison.Ordinal);
        var dropped = await KvAsync(workspace, 0, "drop", "--domain", "sk-other");
        Assert.All(files.Skip(1), file => Assert.Contains(file, dropped, StringComparison.Ordinal));
        Assert.Empty(disk.Described);
        await AssertGoneAsync(disk, isFolderKnown, [.. files]);
        Assert.Contains("Nothing removed", await KvAsync(workspace, 0, "drop", "--domain", "sk-other"), StringComparison.Ordinal);
        Assert.Contains("0 snapshots", await KvAsync(workspace, 0, "list"), StringComparison.Ordinal);
        Assert.False(server.HasExited);
    }

    [Fact]
    public async Task Run_SecondProxyWithTheSameState_RefusesAndNamesTheRemedy()
    {
        await using var workspace = new Workspace(output);
        await PrepareAsync(workspace, isFolderKnown: true);
        await using var first = await BioproxyRun.StartAsync(workspace.ConfigFile, output);
        await first.WaitUntilRecognisedAsync();

        var (code, said) = await BioproxyProcess.RunAsync("--config", workspace.ConfigFile, "--admin-port", "0");

        output.WriteLine(said);
        Assert.Equal(1, code);
        Assert.Contains("another bioproxy uses", said, StringComparison.Ordinal);
        Assert.Contains("state_directory", said, StringComparison.Ordinal);
        await AskAsync(first, _one, "sk-one");
        Assert.Equal(0, await first.StopAsync());
        await using var next = await BioproxyRun.StartAsync(workspace.ConfigFile, output);
    }

    private static async Task<LlamaServer> PrepareAsync(Workspace workspace, bool isFolderKnown)
    {
        workspace.UseModel();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 8) with { CacheRamMiB = 0 });
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var kv = new JsonObject { ["save"] = "always", ["min_tokens"] = 128, ["idle_save_seconds"] = 0.1, ["min_free_bytes"] = "1 KiB" };
        if (isFolderKnown)
            kv["directory"] = "slots";
        workspace.WriteConfig(server.BaseAddress,
            new JsonObject
            {
                ["kv"] = kv,
                ["plugin_directories"] = new JsonArray(),
                ["admin_port"] = ((IPEndPoint)listener.LocalEndpoint).Port
            });
        return server;
    }

    private static async Task AskAsync(BioproxyRun proxy, Conversation conversation, string key)
    {
        var request = TestProxy.Request(conversation.Request(0));
        request.Headers.Authorization = new("Bearer", key);
        conversation.AssertRight(0, await TestProxy.SendAsync(proxy.Client, request, CancellationToken.None));
    }

    private async Task<string> KvAsync(Workspace workspace, int expected, params string[] arguments)
    {
        var (code, said) = await BioproxyProcess.RunAsync(["kv", .. arguments, "--config", workspace.ConfigFile]);
        output.WriteLine($"$ bioproxy kv {string.Join(' ', arguments)}\n{said}\n");
        Assert.Equal(expected, code);
        return said;
    }

    private static Task AssertGoneAsync(SnapshotDisk disk, bool isFolderKnown, params string[] files) => Eventually.TrueAsync(
        () => files.All(file => isFolderKnown ? !File.Exists(disk.FileOf(file))
            : new FileInfo(disk.FileOf(file)).Length < 100), Tolerances.Soon, "the files are gone, or short");

    /// <summary>Columns are separated by two spaces at the same place in every line.</summary>
    private static void AssertLinesUp(string list)
    {
        var lines = list.Split('\n')[..4];
        var label = lines[0].IndexOf("label", StringComparison.Ordinal);
        Assert.All(lines[1..], line => Assert.Equal("conversation", line[label..].Split(' ')[0]));
        var tokens = lines[0].IndexOf("tokens", StringComparison.Ordinal) + "tokens".Length;
        Assert.All(lines[1..], line => Assert.True(char.IsAsciiDigit(line[tokens - 1]) && line[tokens] == ' ', line));
    }
}
