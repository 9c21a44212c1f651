using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Pool;

public sealed class PoolLoopTests : IAsyncLifetime, IDisposable
{
    private readonly PoolFixture _pool = new();
    private readonly ModelFileFolder _folder = new();
    private PoolLoop _loop = null!;

    public Task InitializeAsync()
    {
        var folders = new PoolFolders(_folder.Path, _folder.Path, _folder.Path);
        var orphans = new OrphanCleaner(folders, _pool.Time, NullLogger<OrphanCleaner>.Instance);
        _loop = new PoolLoop(_pool.Pool, new PoolUse(), orphans, _pool.Time); // every look finds all models idle
        return _loop.StartAsync(CancellationToken.None).DefaultTimeout();
    }

    public async Task DisposeAsync()
    {
        await _loop.StopAsync(CancellationToken.None).DefaultTimeout();
        await _pool.DisposeAsync();
    }

    public void Dispose()
    {
        _loop.Dispose();
        _folder.Dispose();
    }

    /// <summary>Found by the soak test: two models waited for each other's room until the proxy was restarted.</summary>
    [Fact]
    public async Task Model_BusyOnlyWhenThePoolAsked_GivesItsRoomAfterTheNextLook()
    {
        var (lease, process) = await _pool.LoadAsync("a");
        lease.Dispose();
        _pool.Use.Busy["a"] = true;
        var second = _pool.AskAsync("b");
        await _pool.WhenQuietAsync();
        Assert.True(_pool.Pool.AwaitsIdle("a"));
        _pool.Use.Busy.Clear();

        await Eventually.TrueAsync(
            () =>
            {
                _pool.Time.Advance(TimeSpan.FromSeconds(1));
                return process.WasStopped;
            },
            Tolerances.Soon,
            "a has gone");
        await _pool.Factory.ReadyAsync("b");

        Assert.NotNull((await second.DefaultTimeout()).Lease);
        Assert.False(_pool.Pool.AwaitsIdle("a"));
    }
}
