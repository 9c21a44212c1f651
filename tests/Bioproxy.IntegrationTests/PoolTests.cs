using System.Diagnostics;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>The pool with real llama-servers.</summary>
public sealed class PoolTests(ITestOutputHelper output)
{
    [Fact]
    public async Task TwoModels_RoomForOne_AreSwappedWhenTheFirstIsIdle()
    {
        await using var stage = await PoolStage.OpenAsync(output, "a", "b");
        var saved = new List<string>();
        Uri? address = null;
        stage.OnSave = async name => saved.Add($"{name} {await PoolStage.IsHealthyAsync(address!)}");
        var first = await stage.LeaseAsync("a");
        address = first.Address;
        Assert.True(await PoolStage.IsHealthyAsync(address));

        var asked = stage.Pool.EnsureLoadedAsync("b", CancellationToken.None).AsTask();
        Assert.True(await PoolStage.IsHealthyAsync(address));
        Assert.Equal(PoolModelState.Waiting, stage.Status("b").State);
        first.Dispose();
        using var second = (await asked.DefaultTimeout()).Lease!;

        Assert.True(await PoolStage.IsHealthyAsync(second.Address));
        Assert.Equal(["a True"], saved);
        Assert.Equal((PoolModelState.Unloaded, PoolModelState.Ready), (stage.Status("a").State, stage.Status("b").State));
        Assert.Single(ChildFile.All(stage.Folders.Children));
        Assert.Contains(stage.Pool.Logs("b")!, line => line.Contains("listening", StringComparison.Ordinal));
        Assert.Contains(stage.Log.Lines, line => line.Contains("[b] ", StringComparison.Ordinal));
        Assert.InRange(stage.Status("b").Memory!.Value, 100_000, 10_000_000);
    }

    [Fact]
    public async Task Child_Killed_IsNoticedAndRestartedOnDemand()
    {
        await using var stage = await PoolStage.OpenAsync(output, "a");
        (await stage.LeaseAsync("a")).Dispose();
        var id = stage.ProcessOf("a");

        Kill(id);

        await Eventually.TrueAsync(() => stage.Status("a").State == PoolModelState.Failed, Tolerances.Soon, "the crash is noticed");
        Assert.StartsWith(
            "The server of model a was ended by signal 9. Its last lines:\n", stage.Status("a").Problem!, StringComparison.Ordinal);
        using var again = await stage.LeaseAsync("a");
        Assert.True(await PoolStage.IsHealthyAsync(again.Address));
        Assert.NotEqual(id, stage.ProcessOf("a"));
    }

    [Fact]
    public async Task Child_KilledWhileLoading_FailsWithItsLog()
    {
        await using var stage = PoolStage.Open(output, [("a", "sh -c 'echo loading ${port}; sleep 600 & wait'")]);
        var asked = stage.Pool.EnsureLoadedAsync("a", CancellationToken.None).AsTask();
        await Eventually.TrueAsync(
            () => stage.Pool.Logs("a")!.Any(line => line.StartsWith("loading ", StringComparison.Ordinal)), Tolerances.Soon, "it runs");

        Kill(stage.ProcessOf("a"));

        var failure = (await asked.DefaultTimeout()).Failure!;
        Assert.Equal(PoolFailureKind.StartFailed, failure.Kind);
        Assert.Contains("did not become ready; it was ended by signal 9", failure.Message, StringComparison.Ordinal);
        Assert.Contains("\nloading ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ModelFileMissing_QuotesTheServersLog()
    {
        var server = await LlamaServerBinary.RequireAsync();
        await using var stage = PoolStage.Open(output, [("a", $"'{server}' -m missing.gguf --port ${{port}}")]);

        var failure = (await stage.Pool.EnsureLoadedAsync("a", CancellationToken.None).DefaultTimeout()).Failure!;

        Assert.StartsWith(
            "The server of model a did not become ready; it ended with exit code 1.", failure.Message, StringComparison.Ordinal);
        Assert.Contains("missing.gguf", failure.Message, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(1), failure.RetryAfter);
    }

    [Fact]
    public async Task Start_ProgramMissing_SaysSo()
    {
        await using var stage = PoolStage.Open(output, [("a", "./no-server --port ${port}")]);

        var failure = (await stage.Pool.EnsureLoadedAsync("a", CancellationToken.None).DefaultTimeout()).Failure!;

        Assert.Contains("The server of model a cannot be started", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_CallerLeaves_NothingOfTheChildIsLeft()
    {
        await using var stage = PoolStage.Open(output, [("a", "sh -c 'echo ${port}; sleep 600 & wait'")]);
        using var leaving = new CancellationTokenSource();
        var asked = stage.Pool.EnsureLoadedAsync("a", leaving.Token).AsTask();
        await Eventually.TrueAsync(() => stage.Pool.Logs("a")!.Count > 1, Tolerances.Soon, "it runs");
        var record = ChildFile.All(stage.Folders.Children).Single().Record!;

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked).DefaultTimeout();
        await Eventually.TrueAsync(() => stage.Status("a").State == PoolModelState.Unloaded, Tolerances.Soon, "the load was stopped");
        Assert.False(record.Child.IsAlive);

        // Neither is the one that the script started.
        Assert.Equal(0, MarkedProcesses.Kill(record.Mark));
    }

    /// <summary>What a proxy that was killed leaves behind: a running server, and its file.</summary>
    [Fact]
    public async Task OrphanCleaner_ServerLeftOver_IsEnded()
    {
        var root = Directory.CreateTempSubdirectory("bioproxy-pool-").FullName;
        try
        {
            await using var server = await LlamaServer.StartAsync(
                new LlamaServerOptions { ModelPath = TinyModel.Ensure(TinyArchitecture.Llama, 1, TinySize.Tiny), ContextSize = 2048 },
                CancellationToken.None);
            var folders = new PoolFolders(root, root, root);
            var child = ProcessIdentity.Of(server.ProcessId)!;
            ChildFile.Write(root, new ChildRecord(
                "a", child, child with { Start = "before" }, ProcessIdentity.ProgramOf(child.Id), "mark", ["llama-server"]));
            var cleaner = new OrphanCleaner(folders, TimeProvider.System, NullLogger<OrphanCleaner>.Instance);

            Assert.Equal(1, await cleaner.CleanAsync(CancellationToken.None).DefaultTimeout());

            await Eventually.TrueAsync(() => server.HasExited, Tolerances.Soon, "the server has ended");
            Assert.Empty(Directory.GetFiles(root));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static void Kill(int id)
    {
        using var process = Process.GetProcessById(id);
        process.Kill(entireProcessTree: true);
    }
}
