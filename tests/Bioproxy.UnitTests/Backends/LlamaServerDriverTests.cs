using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers.LlamaServer;

namespace Bioproxy.UnitTests.Backends;

public sealed class LlamaServerDriverTests : LlamaServerConformanceTests
{
    private readonly LlamaServerDriver _driver;

    public LlamaServerDriverTests() => _driver = new LlamaServerDriver(Server.BaseAddress, TimeSpan.FromSeconds(5), null);

    private protected override IBackendDriver Driver => _driver;

    [Fact]
    public async Task Discover_OtherServer_IsOfAnotherKind()
    {
        Server.Restart(o => o with { Slots = 0 });

        Assert.Equal(Discovery.OtherKind, await DiscoverAsync());
    }

    private protected override IBackendDriver Create(Uri url, TimeSpan connectTimeout) => new LlamaServerDriver(url, connectTimeout, null);
}
