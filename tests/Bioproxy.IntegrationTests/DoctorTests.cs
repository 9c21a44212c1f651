using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>The doctor on real servers, with and without the flags that matter.</summary>
[Collection(RunsAlone.Name)]
public sealed class DoctorTests(ITestOutputHelper output)
{
    private static readonly string[] Flags = ["--slot-save-path", "-np", "--swa-full", "--cache-ram", "-b 512"];

    [Fact]
    public async Task Doctor_DenseWithGoodFlags_NothingToChange()
    {
        await using var workspace = new Workspace(output);
        var said = await AssertAsync(workspace, Good, 0);

        Assert.Contains("Nothing to change.", said, StringComparison.Ordinal);
        Assert.DoesNotContain("\nslow ", said, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(workspace.Slots));
    }

    [Fact]
    public async Task Doctor_WithoutSlotSavePath_NamesIt()
    {
        await using var workspace = new Workspace(output);
        await AssertAsync(workspace, options => Good(options) with { SlotSavePath = null }, 3, "--slot-save-path");
    }

    [Fact]
    public async Task Doctor_WithoutNumberOfSlots_NamesIt()
    {
        await using var workspace = new Workspace(output);
        await AssertAsync(workspace, options => Good(options) with { Parallel = null }, 3, "-np");
    }

    [Fact]
    public async Task Doctor_OneSlot_NamesIt()
    {
        await using var workspace = new Workspace(output);
        await AssertAsync(workspace, options => Good(options) with { Parallel = 1 }, 3, "-np");
    }

    [LongFact]
    public async Task Doctor_WithoutRamCache_NamesIt()
    {
        await using var workspace = new Workspace(output);
        await AssertAsync(workspace, options => Good(options) with { CacheRamMiB = 0 }, 3, "--cache-ram");
    }

    [LongFact]
    public async Task Doctor_SlidingWindow_NamesTheFullCache()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(TinyArchitecture.Gemma3);
        await AssertAsync(workspace, Good, 3, "--swa-full");
        await AssertAsync(workspace, options => Good(options) with { ExtraArguments = ["--swa-full"] }, 0);
    }

    [LongFact]
    public async Task Doctor_Recurrent_NoFlagIsNamed()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(TinyArchitecture.Mamba);
        var said = await AssertAsync(workspace, Good, 0);
        Assert.Contains("recurrent", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_DirectoryIsNotTheServers_SaysSo()
    {
        await using var workspace = new Workspace(output);
        Directory.CreateDirectory(workspace.PathOf("other"));
        var said = await AssertAsync(workspace, Good, 1, directory: "other");

        Assert.Contains("did not appear", said, StringComparison.Ordinal);

        // The file could not be deleted, so it was overwritten with an empty slot.
        Assert.InRange(new FileInfo(Assert.Single(Directory.GetFiles(workspace.Slots))).Length, 1, 1000);
    }

    [Fact]
    public async Task Doctor_NobodyThere_SaysSo()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(size: TinySize.Tiny);
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1));
        await server.KillAsync();
        var said = await AssertAsync(workspace, server, 1);
        Assert.Contains("backend_url", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_ModelOfThePool_IsStartedOnlyWhereItIsNamedAndStoppedAfterwards()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var program = await LlamaServerBinary.RequireAsync();
        using var free = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        free.Start();
        var address = (System.Net.IPEndPoint)free.LocalEndpoint;
        free.Stop();
        var command = $"'{program}' -m '{workspace.ModelPath}' --port ${{port}} --slot-save-path ${{slots}} -np 2 -b 512 -c 16384 -t 1";
        var pool = new JsonObject
        {
            ["models"] = new JsonObject { ["small"] = new JsonObject { ["command"] = command } },
            ["ports"] = $"{address.Port}-{address.Port}",
        };
        await File.WriteAllTextAsync(
            workspace.ConfigFile, new JsonObject { ["pool"] = pool, ["state_directory"] = "state", ["admin_port"] = 0 }.ToJsonString());

        var left = await BioproxyProcess.RunAsync("doctor", "--config", workspace.ConfigFile);
        var named = await BioproxyProcess.RunAsync("doctor", "--config", workspace.ConfigFile, "--backend", "small");

        output.WriteLine(left.Said + named.Said);
        Assert.Equal(0, left.Code);
        Assert.Contains("not running, not examined", left.Said, StringComparison.Ordinal);
        Assert.Equal(0, named.Code);
        Assert.Contains("Nothing to change.", named.Said, StringComparison.Ordinal);
        using var again = new System.Net.Sockets.TcpListener(address);
        again.Start(); // throws where its server still runs
    }

    [Fact]
    public async Task Doctor_ConfigurationWithMistakes_ExitsWith2()
    {
        await using var workspace = new Workspace(output);
        await File.WriteAllTextAsync(workspace.ConfigFile, "{ \"proxy_prot\": 1 }");
        Assert.Equal(2, (await BioproxyProcess.RunAsync("doctor", "--config", workspace.ConfigFile)).Code);
    }

    [Fact]
    public async Task Doctor_OneSlotAtWork_TakesTheOther()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var server = await workspace.StartServerAsync(Good(workspace.ServerOptions(parallel: 2)));
        var endless = new JsonObject
        {
            ["prompt"] = "Tell me everything.",
            ["n_predict"] = 1_000_000,
            ["ignore_eos"] = true,
            ["stream"] = true,
            ["id_slot"] = 0,
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "completion")
        {
            Content = new StringContent(endless.ToJsonString(), System.Text.Encoding.UTF8, "application/json"),
        };
        using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).DefaultTimeout();
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync().DefaultTimeout());
        Assert.NotNull(await lines.ReadLineAsync().DefaultTimeout());
        using var stopping = new CancellationTokenSource();
        var reading = Task.Run(async () =>
        {
            while (await lines.ReadLineAsync(stopping.Token) is not null)
            {
            }
        });

        // Beside other work only the batch may be reported as slow.
        var (code, said) = await RunAsync(workspace, server);
        Assert.Contains(code, new[] { 0, 3 });
        Assert.Contains("erased slot 1;", said, StringComparison.Ordinal);
        Assert.DoesNotContain("\nbad ", said, StringComparison.Ordinal);
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading).DefaultTimeout();
    }

    /// <summary>Small batches, so that no machine is too slow for the default.</summary>
    private static LlamaServerOptions Good(LlamaServerOptions options) => options with { BatchSize = 512 };

    /// <summary>Runs the doctor and expects an exit code, and exactly this flag in its list of changes.</summary>
    private async Task<string> AssertAsync(Workspace workspace, Func<LlamaServerOptions, LlamaServerOptions> change, int exitCode,
        string? flag = null, string directory = "slots")
    {
        if (!File.Exists(workspace.ModelPath))
            workspace.UseModel();
        var server = await workspace.StartServerAsync(change(workspace.ServerOptions(parallel: 2)));
        return await AssertAsync(workspace, server, exitCode, flag, directory);
    }

    private async Task<string> AssertAsync(
        Workspace workspace, LlamaServer server, int exitCode, string? flag = null, string directory = "slots")
    {
        var (code, said) = await RunAsync(workspace, server, directory);
        Assert.Equal(exitCode, code);
        if (flag is not null)
            Assert.Equal([flag], Flags.Where(each => said.Contains($"with {each}", StringComparison.Ordinal)));
        return said;
    }

    private async Task<(int Code, string Said)> RunAsync(Workspace workspace, LlamaServer server, string directory = "slots")
    {
        workspace.WriteConfig(server.BaseAddress, new JsonObject { ["kv"] = new JsonObject { ["directory"] = directory } });
        var result = await BioproxyProcess.RunAsync("doctor", "--config", workspace.ConfigFile);
        output.WriteLine(result.Said);
        return result;
    }
}
