using Bioproxy.Doubles;
using Bioproxy.Host.Pool;

namespace Bioproxy.UnitTests.Pool;

public sealed class ModelPoolTests : IAsyncDisposable
{
    private readonly PoolFixture _pool = new();

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    [Fact]
    public async Task Ensure_UnknownModel_IsRefused() =>
        Assert.Equal(PoolFailureKind.Unknown, (await _pool.AskAsync("z").DefaultTimeout()).Failure!.Kind);

    [Fact]
    public async Task Start_NothingToPreload_LoadsNothing()
    {
        _pool.Pool.Start();

        await _pool.WhenQuietAsync();
        Assert.Empty(_pool.Factory.Started);
        Assert.All(_pool.Pool.Status, status => Assert.Equal(PoolModelState.Unloaded, status.State));
    }

    [Fact]
    public async Task Ensure_SeveralCallers_ShareOneLoad()
    {
        var callers = Enumerable.Range(0, 5).Select(_ => _pool.AskAsync("a")).ToList();
        await _pool.WhenAsync("a", PoolModelState.Loading);
        var process = await _pool.Factory.ReadyAsync("a");

        var results = await Task.WhenAll(callers).DefaultTimeout();

        Assert.Equal(["a"], _pool.Factory.Started);
        Assert.All(results, result => Assert.Equal(process.Address, result.Lease!.Address));
        var status = _pool.Status("a");
        Assert.Equal((PoolModelState.Ready, 5, process.Address.Port), (status.State, status.Leases, status.Port));
        Assert.Equal(["a loads"], _pool.Pool.Logs("a")!);
        Assert.Null(_pool.Pool.Logs("z"));
    }

    [Fact]
    public async Task Ensure_LoadedModel_IsGrantedAtOnce()
    {
        await _pool.LoadAsync("a");

        Assert.True(_pool.Pool.EnsureLoadedAsync("a", default).AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Ensure_OneOfTwoCallersLeaves_LoadContinues()
    {
        using var leaving = new CancellationTokenSource();
        var first = _pool.AskAsync("a", leaving.Token);
        var second = _pool.AskAsync("a");
        await _pool.Factory.WhenStartingAsync("a");

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first).DefaultTimeout();
        await _pool.Factory.ReadyAsync("a");

        Assert.NotNull((await second.DefaultTimeout()).Lease);
        Assert.Empty(_pool.Factory.Cancelled);
    }

    [Fact]
    public async Task Ensure_LastCallerLeaves_StopsTheLoad()
    {
        using var leaving = new CancellationTokenSource();
        var caller = _pool.AskAsync("a", leaving.Token);
        await _pool.Factory.WhenStartingAsync("a");

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => caller).DefaultTimeout();
        await _pool.WhenAsync("a", PoolModelState.Unloaded);
        Assert.Equal(["a"], _pool.Factory.Cancelled);
    }

    [Fact]
    public async Task Ensure_CallerComesWhileALoadIsBeingStopped_IsLoadedAgain()
    {
        using var leaving = new CancellationTokenSource();
        var first = _pool.AskAsync("a", leaving.Token);
        await _pool.Factory.WhenStartingAsync("a");
        await leaving.CancelAsync();
        var second = _pool.AskAsync("a");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first).DefaultTimeout();

        await _pool.Factory.ReadyAsync("a");

        Assert.NotNull((await second.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task Ensure_NoRoom_WaitsUntilTheVictimIsIdle()
    {
        var (lease, process) = await _pool.LoadAsync("a");
        var second = _pool.AskAsync("b");
        await _pool.WhenQuietAsync();
        Assert.Equal((PoolModelState.Ready, PoolModelState.Waiting), (_pool.Status("a").State, _pool.Status("b").State));

        lease.Dispose();
        await _pool.Factory.ReadyAsync("b");

        Assert.NotNull((await second.DefaultTimeout()).Lease);
        Assert.True(process.WasStopped);
        Assert.Equal(["a"], _pool.Use.Saved);
        Assert.Equal(PoolModelState.Unloaded, _pool.Status("a").State);
    }

    [Fact]
    public async Task Ensure_VictimBusyWithoutLease_WaitsForTheSignal()
    {
        _pool.Use.Busy["a"] = true;
        var (lease, process) = await _pool.LoadAsync("a");
        lease.Dispose();
        var second = _pool.AskAsync("b");
        await _pool.WhenQuietAsync();
        Assert.False(process.WasStopped);
        Assert.Equal(["a"], _pool.Use.Asked);

        _pool.Use.Busy.Clear();
        _pool.Pool.NotifyIdle("a");
        await _pool.Factory.ReadyAsync("b");

        Assert.NotNull((await second.DefaultTimeout()).Lease);
        Assert.True(process.WasStopped);
    }

    [Fact]
    public async Task NotifyIdle_WhileThePoolAsks_IsNotLost()
    {
        _pool.Use.Busy["a"] = true;
        _pool.Use.OnAsk = name =>
        {
            if (_pool.Use.Busy.TryRemove(name, out _))
                _pool.Pool.NotifyIdle(name);
        };
        (await _pool.LoadAsync("a")).Lease.Dispose();

        var second = _pool.AskAsync("b");
        await _pool.Factory.ReadyAsync("b");

        Assert.NotNull((await second.DefaultTimeout()).Lease);
    }

    /// <summary>A request that comes between the decision and the stop waits; it does not get a model that is about to end.</summary>
    [Fact]
    public async Task Ensure_WhileThePoolAsks_WaitsForTheAnswer()
    {
        _pool.Use.Busy["a"] = true;
        Task<PoolResult>? during = null;
        _pool.Use.OnAsk = name => during ??= _pool.AskAsync(name);
        (await _pool.LoadAsync("a")).Lease.Dispose();

        var second = _pool.AskAsync("b");
        await _pool.WhenQuietAsync();

        PoolFixture.Lease(await during!.DefaultTimeout());
        Assert.False(second.IsCompleted);
    }

    [Fact]
    public async Task Ensure_LeastRecentlyUsedIdleModel_IsTheVictim()
    {
        await using var pool = new PoolFixture(options => options with { MaxLoaded = 3 });
        var a = await pool.LoadAsync("a");
        var b = await pool.LoadAsync("b");
        var c = await pool.LoadAsync("c");
        foreach (var lease in new[] { b.Lease, c.Lease, a.Lease })
        {
            pool.Time.Advance(TimeSpan.FromSeconds(1));
            lease.Dispose();
        }

        var asked = pool.AskAsync("d");
        await pool.Factory.ReadyAsync("d");
        await asked.DefaultTimeout();

        Assert.Equal((false, true, false), (a.Process.WasStopped, b.Process.WasStopped, c.Process.WasStopped));
    }

    [Fact]
    public async Task Ensure_YoungModel_IsKeptForItsMinimumTime()
    {
        await using var pool = new PoolFixture(options => options with { MinLoaded = TimeSpan.FromSeconds(30) });
        (await pool.LoadAsync("a")).Lease.Dispose();
        var asked = pool.AskAsync("b");
        pool.Time.Advance(TimeSpan.FromSeconds(29.9));
        await pool.WhenQuietAsync();
        Assert.Equal(PoolModelState.Ready, pool.Status("a").State);

        pool.Time.Advance(TimeSpan.FromSeconds(0.1));
        await pool.Factory.ReadyAsync("b");

        Assert.NotNull((await asked.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task Ensure_ModelInConstantUse_DrainsAfterTheMaximumWait()
    {
        var (lease, process) = await _pool.LoadAsync("a");
        var waiting = _pool.AskAsync("b");
        _pool.Time.Advance(PoolFixture.MaxWait - TimeSpan.FromSeconds(1));
        var grouped = PoolFixture.Lease(await _pool.AskAsync("a").DefaultTimeout());

        _pool.Time.Advance(TimeSpan.FromSeconds(1));
        await _pool.WhenQuietAsync();
        var late = _pool.AskAsync("a");
        lease.Dispose();
        await _pool.WhenQuietAsync();
        Assert.False(late.IsCompleted);
        Assert.False(process.WasStopped);
        grouped.Dispose();

        await _pool.Factory.ReadyAsync("b");
        PoolFixture.Lease(await waiting.DefaultTimeout()).Dispose();
        await _pool.Factory.ReadyAsync("a");
        Assert.NotNull((await late.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task Ensure_WaitingLoadGivesUp_DrainingEnds()
    {
        await _pool.LoadAsync("a");
        using var leaving = new CancellationTokenSource();
        var waiting = _pool.AskAsync("b", leaving.Token);
        _pool.Time.Advance(PoolFixture.MaxWait);
        await _pool.WhenQuietAsync();
        var late = _pool.AskAsync("a");
        Assert.False(late.IsCompleted);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting).DefaultTimeout();
        Assert.NotNull((await late.DefaultTimeout()).Lease);
        Assert.Equal(["a"], _pool.Factory.Started);
    }

    [Fact]
    public async Task Ensure_MemoryBudget_EvictsAsManyAsNeeded()
    {
        await using var pool = new PoolFixture(options => options with { MaxLoaded = 10, Memory = 10 });
        foreach (var (name, memory) in new[] { ("a", 3L), ("b", 3L), ("c", 3L), ("d", 6L) })
            pool.Factory.Memory[name] = memory;
        var a = await pool.LoadAsync("a");
        var b = await pool.LoadAsync("b");
        var c = await pool.LoadAsync("c");
        a.Lease.Dispose();
        var asked = pool.AskAsync("d");
        await pool.WhenQuietAsync();
        Assert.False(a.Process.WasStopped); // alone it would not make room

        c.Lease.Dispose();
        await pool.Factory.ReadyAsync("d");

        Assert.NotNull((await asked.DefaultTimeout()).Lease);
        Assert.Equal((true, false, true), (a.Process.WasStopped, b.Process.WasStopped, c.Process.WasStopped));
    }

    [Fact]
    public async Task Ensure_MemoryNotKnown_IsLoadedAlone()
    {
        await using var pool = new PoolFixture(options => options with { MaxLoaded = 10, Memory = 10 });
        pool.Factory.Memory["a"] = 1;
        var (lease, _) = await pool.LoadAsync("a");

        var asked = pool.AskAsync("b");
        await pool.WhenQuietAsync();
        Assert.Equal(PoolModelState.Waiting, pool.Status("b").State);

        lease.Dispose();
        await pool.Factory.ReadyAsync("b");
        Assert.NotNull((await asked.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task Ensure_ModelLargerThanTheBudget_IsRefused()
    {
        await using var pool = new PoolFixture(options => options with { Memory = 1L << 30 });
        pool.Factory.Memory["a"] = 3L << 29;

        var failure = (await pool.AskAsync("a").DefaultTimeout()).Failure!;

        Assert.Equal(PoolFailureKind.TooLarge, failure.Kind);
        Assert.Equal("Model a needs 1.5 GiB, which is more than the pool's memory of 1.0 GiB.", failure.Message);
    }

    [Fact]
    public async Task Lease_ReleasedTwice_CountsOnce()
    {
        var (first, process) = await _pool.LoadAsync("a");
        var second = PoolFixture.Lease(await _pool.AskAsync("a").DefaultTimeout());
        first.Dispose();
        first.Dispose();
        var asked = _pool.AskAsync("b");
        await _pool.WhenQuietAsync();

        Assert.False(process.WasStopped);
        second.Dispose();
        await _pool.Factory.ReadyAsync("b");
        Assert.NotNull((await asked.DefaultTimeout()).Lease);
    }
}
