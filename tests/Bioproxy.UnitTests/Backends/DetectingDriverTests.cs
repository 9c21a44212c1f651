using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers;

namespace Bioproxy.UnitTests.Backends;

public sealed class DetectingDriverTests : LlamaServerConformanceTests
{
    private readonly DetectingDriver _driver;

    public DetectingDriverTests() => _driver = new DetectingDriver(Server.BaseAddress, TimeSpan.FromSeconds(5), null);

    private protected override IBackendDriver Driver => _driver;

    [Fact]
    public async Task Discover_OtherServer_IsReadyAndNoLlamaServer()
    {
        Server.Restart(o => o with { Slots = 0 });

        var found = await DiscoverAsync();

        Assert.Equal((DiscoveryKind.Found, BackendStatus.Ready, false), (found.Kind, found.Status, found.Facts!.IsLlamaServer));
        Assert.Equal(ProcessCheck.Unknown, await _driver.CheckProcessAsync(found.Facts, default).DefaultTimeout());
    }

    [Fact]
    public async Task Discover_OtherServerBecomesALlamaServer_IsFound()
    {
        Server.Restart(o => o with { Slots = 0 });
        var other = await DiscoverAsync();
        Server.Restart(o => o with { Slots = 2 });

        var found = await _driver.DiscoverAsync(new BackendState(other.Status, other.Facts, other.Problem), default).DefaultTimeout();

        Assert.True(found.Facts!.IsLlamaServer);
    }

    private protected override IBackendDriver Create(Uri url, TimeSpan connectTimeout) => new DetectingDriver(url, connectTimeout, null);
}
