using Bioproxy.Doubles;
using Bioproxy.Host.Pool;

namespace Bioproxy.UnitTests.Pool;

/// <summary>What the pool says of a server that gave a request no answer.</summary>
public sealed class ModelPoolEndTests
{
    [Fact]
    public async Task HasEnded_ServerCrashes_IsTrueAndTheNextCallerHasItStarted()
    {
        await using var pool = new PoolFixture();
        var (lease, process) = await pool.LoadAsync("a");
        lease.Dispose();
        var ended = pool.Pool.HasEndedAsync("a", default);
        Assert.False(ended.IsCompleted);

        process.Crash();

        Assert.True(await ended.DefaultTimeout());
        Assert.Equal(PoolModelState.Failed, pool.Status("a").State);
        var asked = pool.AskAsync("a");
        pool.Time.Advance(TimeSpan.FromSeconds(1));
        await pool.Factory.ReadyAsync("a");
        PoolFixture.Lease(await asked.DefaultTimeout()).Dispose();
    }

    [Fact]
    public async Task HasEnded_KnownToHaveCrashed_IsTrueAtOnce()
    {
        await using var pool = new PoolFixture();
        var (lease, process) = await pool.LoadAsync("a");
        lease.Dispose();
        process.Crash();
        await pool.WhenAsync("a", PoolModelState.Failed);

        Assert.True(await pool.Pool.HasEndedAsync("a", default).DefaultTimeout());
    }

    [Fact]
    public async Task HasEnded_ServerStillRuns_IsFalseAfterTheLimit()
    {
        await using var pool = new PoolFixture();
        var (lease, _) = await pool.LoadAsync("a");
        using var held = lease;
        var ended = pool.Pool.HasEndedAsync("a", default);

        pool.Time.Advance(TimeSpan.FromSeconds(3));

        Assert.False(await ended.DefaultTimeout());
        Assert.Equal(PoolModelState.Ready, pool.Status("a").State);
    }
}
