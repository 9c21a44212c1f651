using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers;

namespace Bioproxy.UnitTests.Backends;

/// <summary>A llama-server in router mode as a whole.</summary>
public sealed class RouterServerDriverTests : DriverConformanceTests
{
    private readonly ModelServerDriver _driver;
    private readonly ModelHost _host;

    public RouterServerDriverTests()
    {
        Server.Restart(o => o with { IsRouter = true });
        _host = TestHosts.Router(Server.BaseAddress, TimeSpan.FromSeconds(5));
        _driver = new ModelServerDriver(_host);
    }

    private protected override string FirstQuestion => "/props";

    private protected override IBackendDriver Driver => _driver;

    [Fact]
    public async Task Discover_LoadedModel_IsAServerOfWhichTheModelIsHere()
    {
        var found = await DiscoverAsync();

        Assert.True(found.Facts!.IsRouter);
        Assert.Null(_driver.Slots);
        Assert.Equal(["fake-model"], _host.Backends.Select(backend => backend.Model));
        Assert.Equal(SwapState.Here, _host.Gate.StateOf("fake-model"));
    }

    private protected override IBackendDriver Create(Uri url, TimeSpan connectTimeout) =>
        new ModelServerDriver(TestHosts.Router(url, connectTimeout));
}
