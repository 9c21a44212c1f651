using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;

namespace Bioproxy.UnitTests.Pool;

public sealed class ModelPoolExpectedTests
{
    [Fact]
    public async Task ExpectedSeconds_NothingLoaded_AreThoseOfTheLoad()
    {
        await using var pool = new PoolFixture(o => o with
        {
            Models = [new PoolModelOptions("a") { Hf = "o/r" }, new PoolModelOptions("b") { Hf = "o/r", Memory = 30_000_000_000 }],
        });

        Assert.Equal(10, pool.Pool.ExpectedSeconds("a"));
        Assert.Equal(30, pool.Pool.ExpectedSeconds("b"));
        Assert.Equal(0, pool.Pool.ExpectedSeconds("none"));
    }

    [Fact]
    public async Task ExpectedSeconds_Loading_AreThoseThatRemain()
    {
        await using var pool = new PoolFixture();
        var asked = pool.AskAsync("a");
        await pool.WhenAsync("a", PoolModelState.Loading);
        pool.Time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(6, pool.Pool.ExpectedSeconds("a"), precision: 3);

        await pool.Factory.ReadyAsync("a");
        PoolFixture.Lease(await asked);
        Assert.Equal(0, pool.Pool.ExpectedSeconds("a"));
    }

    [Fact]
    public async Task ExpectedSeconds_AnotherHasToGo_CountsWhatThatCosts()
    {
        await using var pool = new PoolFixture(o => o with { MinLoaded = TimeSpan.FromSeconds(30) });
        await pool.LoadAsync("a");
        pool.Use.Costs["a"] = 2;
        Assert.Equal(10 + 30 + 2, pool.Pool.ExpectedSeconds("b"), precision: 3);

        pool.Time.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(10 + 2, pool.Pool.ExpectedSeconds("b"), precision: 3);
    }

    [Fact]
    public async Task ExpectedSeconds_WasLoadedBefore_AreThoseThatItTook()
    {
        await using var pool = new PoolFixture(o => o with { MaxLoaded = 2 });
        var asked = pool.AskAsync("a");
        await pool.WhenAsync("a", PoolModelState.Loading);
        pool.Time.Advance(TimeSpan.FromSeconds(4));
        await pool.Factory.ReadyAsync("a");
        PoolFixture.Lease(await asked).Dispose();
        await pool.Pool.UnloadAsync("a", CancellationToken.None);

        Assert.Equal(4, pool.Pool.ExpectedSeconds("a"), precision: 3);
    }
}
