using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers.LlamaServer;
using Bioproxy.Host.Pool;
using Bioproxy.UnitTests.Pool;

namespace Bioproxy.UnitTests.Backends;

/// <summary>A model of the pool, which is loaded.</summary>
public sealed class PooledModelDriverTests : LlamaServerConformanceTests, IAsyncLifetime
{
    private readonly PoolFixture _pool = new();
    private readonly PooledModelDriver _driver;

    public PooledModelDriverTests() => _driver = New("a", Server.BaseAddress, TimeSpan.FromSeconds(5));

    private protected override IBackendDriver Driver => _driver;

    async Task IAsyncLifetime.InitializeAsync() => await _pool.LoadAsync("a");

    async Task IAsyncLifetime.DisposeAsync() => await _pool.DisposeAsync();

    [Fact]
    public async Task Discover_ModelIsNotLoaded_AsksNothing()
    {
        using var driver = New("b", Server.BaseAddress, TimeSpan.FromSeconds(5));

        var found = await driver.DiscoverAsync(BackendState.NotAsked, default).DefaultTimeout();
        await driver.WakeAsync(default).DefaultTimeout();

        Assert.Equal((BackendStatus.Unloaded, null), (found.Status, found.Facts));
        Assert.Empty(Server.Requests);
    }

    private protected override IBackendDriver Create(Uri url, TimeSpan connectTimeout) => New("a", url, connectTimeout);

    private PooledModelDriver New(string model, Uri url, TimeSpan connectTimeout) =>
        new(model, _pool.Pool, new LlamaServerDriver(url, connectTimeout, null));
}
