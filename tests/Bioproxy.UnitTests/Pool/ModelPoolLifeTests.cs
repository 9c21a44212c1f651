using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;
using NSubstitute;

namespace Bioproxy.UnitTests.Pool;

/// <summary>Preloads, idle unload, crashes, failed starts, unload on request, the end.</summary>
public sealed class ModelPoolLifeTests : IAsyncDisposable
{
    private readonly PoolFixture _pool = new();

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    [Fact]
    public async Task Start_Preloads_AreLoadedAsFarAsThereIsRoom()
    {
        await using var pool = new PoolFixture(options => options with
        {
            Models = [.. options.Models.Select(model => model with { Preload = model.Name != "a" })],
            MaxLoaded = 2,
        });

        pool.Pool.Start();
        await pool.Factory.ReadyAsync("b");
        await pool.Factory.ReadyAsync("c");

        await pool.WhenAsync("c", PoolModelState.Ready);
        await pool.WhenQuietAsync();
        Assert.Equal(["b", "c"], pool.Factory.Started.Order());
        Assert.Equal(PoolModelState.Unloaded, pool.Status("d").State);
    }

    [Fact]
    public async Task IdleUnload_AfterItsTime_StopsTheModel()
    {
        await using var pool = new PoolFixture(options => options with
        {
            Models = [new PoolModelOptions("a") { Hf = "o/r", IdleUnload = TimeSpan.FromSeconds(900) }],
        });
        var (lease, process) = await pool.LoadAsync("a");
        pool.Time.Advance(TimeSpan.FromSeconds(2000));
        await pool.WhenQuietAsync();
        Assert.False(process.WasStopped);

        lease.Dispose();
        pool.Time.Advance(TimeSpan.FromSeconds(899));
        await pool.WhenQuietAsync();
        Assert.False(process.WasStopped);
        pool.Time.Advance(TimeSpan.FromSeconds(1));

        await pool.WhenAsync("a", PoolModelState.Unloaded);
        Assert.True(process.WasStopped);
        Assert.Equal(["a"], pool.Use.Saved);
    }

    [Fact]
    public async Task IdleUnload_Zero_IsNever()
    {
        await using var pool = new PoolFixture(options => options with
        {
            Models = [new PoolModelOptions("a") { Hf = "o/r", IdleUnload = TimeSpan.Zero }],
        });
        var (lease, process) = await pool.LoadAsync("a");
        lease.Dispose();

        pool.Time.Advance(TimeSpan.FromDays(30));

        await pool.WhenQuietAsync();
        Assert.False(process.WasStopped);
    }

    [Fact]
    public async Task Save_ThatHangs_IsBounded()
    {
        _pool.Use.OnSave = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, token);
        var (lease, process) = await _pool.LoadAsync("a");
        lease.Dispose();
        _ = _pool.AskAsync("b");
        await _pool.WhenAsync("a", PoolModelState.Stopping);
        await Eventually.TrueAsync(
            () => _pool.Time.UntilNext <= PoolFixture.SaveLimit, Tolerances.Soon, "the save has its limit");
        Assert.False(process.WasStopped);

        _pool.Time.Advance(PoolFixture.SaveLimit);

        await _pool.Factory.ReadyAsync("b");
        Assert.True(process.WasStopped);
    }

    [Fact]
    public async Task Save_ThatThrows_DoesNotKeepTheModel()
    {
        _pool.Use.OnSave = (_, _) => throw new InvalidOperationException("disk full");
        (await _pool.LoadAsync("a")).Lease.Dispose();

        var asked = _pool.AskAsync("b");
        await _pool.Factory.ReadyAsync("b");

        Assert.NotNull((await asked.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task StartThatFails_QuotesTheProblemAndPausesBeforeTheNext()
    {
        var first = _pool.AskAsync("a");
        var second = _pool.AskAsync("a");
        await _pool.Factory.FailAsync("a", "no such file");
        foreach (var asked in new[] { first, second })
        {
            var failure = (await asked.DefaultTimeout()).Failure!;
            Assert.Equal((PoolFailureKind.StartFailed, "no such file"), (failure.Kind, failure.Message));
            Assert.Equal(TimeSpan.FromSeconds(1), failure.RetryAfter);
        }

        Assert.Equal((PoolModelState.Failed, "no such file"), (_pool.Status("a").State, _pool.Status("a").Problem));
        Assert.Equal("no such file", (await _pool.AskAsync("a").DefaultTimeout()).Failure!.Message);
        Assert.Equal(["a"], _pool.Factory.Started);

        _pool.Time.Advance(TimeSpan.FromSeconds(1));
        var third = _pool.AskAsync("a");
        await _pool.Factory.FailAsync("a", "still none");
        Assert.Equal(TimeSpan.FromSeconds(2), (await third.DefaultTimeout()).Failure!.RetryAfter);

        _pool.Time.Advance(TimeSpan.FromSeconds(2));
        await _pool.LoadAsync("a");
        Assert.Null(_pool.Status("a").Problem);
    }

    [Fact]
    public async Task StartThatFails_GivesItsRoomToTheNext()
    {
        var first = _pool.AskAsync("a");
        var second = _pool.AskAsync("b");
        await _pool.Factory.FailAsync("a", "no such file");
        await _pool.Factory.ReadyAsync("b");

        Assert.NotNull((await first.DefaultTimeout()).Failure);
        Assert.NotNull((await second.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task Crash_WithoutDemand_IsNotRestarted()
    {
        var (lease, process) = await _pool.LoadAsync("a");
        process.Crash();

        await _pool.WhenAsync("a", PoolModelState.Failed);
        _pool.Time.Advance(TimeSpan.FromHours(1));
        await _pool.WhenQuietAsync();

        Assert.Equal(["a"], _pool.Factory.Started);
        Assert.Equal("a crashed: out of memory", _pool.Status("a").Problem);
        Assert.Empty(_pool.Use.Saved);
        lease.Dispose();
        Assert.Equal(0, _pool.Status("a").Leases);
    }

    [Fact]
    public async Task Crash_Demand_IsMetAfterGrowingPauses()
    {
        var (_, process) = await _pool.LoadAsync("a");
        foreach (var pause in new[] { 1, 2, 4, 8, 16, 32, 60, 60 })
        {
            process.Crash();
            await _pool.WhenAsync("a", PoolModelState.Failed);
            var asked = _pool.AskAsync("a");

            _pool.Time.Advance(TimeSpan.FromSeconds(pause - 0.1));
            await _pool.WhenQuietAsync();
            Assert.Equal(PoolModelState.Waiting, _pool.Status("a").State);

            _pool.Time.Advance(TimeSpan.FromSeconds(0.1));
            process = await _pool.Factory.ReadyAsync("a");
            Assert.NotNull((await asked.DefaultTimeout()).Lease);
        }
    }

    [Fact]
    public async Task Crash_AfterALongTime_PausesAsAtFirst()
    {
        for (var round = 0; round < 3; round++)
        {
            var (_, process) = await _pool.LoadAsync("a");
            _pool.Time.Advance(TimeSpan.FromMinutes(5));
            process.Crash();
            await _pool.WhenAsync("a", PoolModelState.Failed);
            _pool.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(["a", "a", "a"], _pool.Factory.Started);
    }

    [Fact]
    public async Task Crash_WhileAnotherModelWaits_GivesItTheRoom()
    {
        var (_, process) = await _pool.LoadAsync("a");
        var asked = _pool.AskAsync("b");

        process.Crash();
        await _pool.Factory.ReadyAsync("b");

        Assert.NotNull((await asked.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task Crash_OldLeaseReleasedLater_ChangesNothing()
    {
        var (old, process) = await _pool.LoadAsync("a");
        process.Crash();
        await _pool.WhenAsync("a", PoolModelState.Failed);
        _pool.Time.Advance(TimeSpan.FromSeconds(1));
        var (_, second) = await _pool.LoadAsync("a");

        old.Dispose();
        _ = _pool.AskAsync("b");

        await _pool.WhenQuietAsync();
        Assert.Equal(1, _pool.Status("a").Leases);
        Assert.False(second.WasStopped);
    }

    [Fact]
    public async Task Unload_BusyModel_WaitsUntilItIsIdle()
    {
        var (lease, process) = await _pool.LoadAsync("a");
        var unload = _pool.Pool.UnloadAsync("a", default);
        var late = _pool.AskAsync("a");
        await _pool.WhenQuietAsync();
        Assert.False(process.WasStopped || unload.IsCompleted || late.IsCompleted);

        lease.Dispose();

        Assert.True(await unload.DefaultTimeout());
        Assert.True(process.WasStopped);
        await _pool.Factory.ReadyAsync("a");
        Assert.NotNull((await late.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task Unload_GivenUp_LetsWaitingCallersGoOn()
    {
        await _pool.LoadAsync("a");
        using var leaving = new CancellationTokenSource();
        var unload = _pool.Pool.UnloadAsync("a", leaving.Token);
        var late = _pool.AskAsync("a");

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => unload).DefaultTimeout();
        Assert.NotNull((await late.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task Unload_NotLoadedOrUnknown_ReturnsAtOnce()
    {
        Assert.True(await _pool.Pool.UnloadAsync("a", default).DefaultTimeout());
        Assert.False(await _pool.Pool.UnloadAsync("z", default).DefaultTimeout());
    }

    [Fact]
    public async Task Dispose_StopsEverythingAndRefusesCallers()
    {
        await using var pool = new PoolFixture(options => options with { MaxLoaded = 2 });
        var (_, process) = await pool.LoadAsync("a");
        var loading = pool.AskAsync("b");
        var waiting = pool.AskAsync("c");
        await pool.Factory.WhenStartingAsync("b");

        await pool.Pool.DisposeAsync().DefaultTimeout();

        Assert.True(process.WasStopped);
        Assert.Equal(["b"], pool.Factory.Cancelled);
        Assert.Equal(["a"], pool.Use.Saved);
        foreach (var asked in new[] { loading, waiting, pool.AskAsync("a") })
            Assert.Equal(PoolFailureKind.Stopping, (await asked.DefaultTimeout()).Failure!.Kind);
        Assert.All(pool.Pool.Status, status => Assert.Equal(PoolModelState.Unloaded, status.State));
        await Eventually.TrueAsync(() => pool.Time.ActiveTimers == 0, Tolerances.Soon, "no timer is left");
    }

    [Fact]
    public async Task Listener_StateChanges_IsCalledOutsideOfTheLock()
    {
        var seen = new System.Collections.Concurrent.ConcurrentQueue<PoolModelState>();
        var listener = Substitute.For<IPoolListener>();
        listener.When(it => it.Changed("a")).Do(_ => seen.Enqueue(_pool.Status("a").State));
        var broken = Substitute.For<IPoolListener>();
        broken.When(it => it.Changed(Arg.Any<string>())).Do(_ => throw new InvalidOperationException("broken"));
        _pool.Pool.Subscribe(broken);
        _pool.Pool.Subscribe(listener);

        var (_, process) = await _pool.LoadAsync("a");
        await Eventually.TrueAsync(() => seen.Contains(PoolModelState.Ready), Tolerances.Soon, "ready was told");
        process.Crash();

        await Eventually.TrueAsync(() => seen.Contains(PoolModelState.Failed), Tolerances.Soon, "the crash was told");
        Assert.Contains(PoolModelState.Loading, seen);
    }
}
