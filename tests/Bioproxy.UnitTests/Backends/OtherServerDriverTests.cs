using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers.Other;

namespace Bioproxy.UnitTests.Backends;

public sealed class OtherServerDriverTests : DriverConformanceTests
{
    private readonly OtherServerDriver _driver;

    public OtherServerDriverTests()
    {
        Server.Restart(o => o with { Slots = 0 });
        _driver = new OtherServerDriver(Server.BaseAddress, TimeSpan.FromSeconds(5), null);
    }

    private protected override string FirstQuestion => "/v1/models";

    private protected override IBackendDriver Driver => _driver;

    [Fact]
    public void Slots_OtherServer_HasNone() => Assert.Null(_driver.Slots);

    private protected override IBackendDriver Create(Uri url, TimeSpan connectTimeout) => new OtherServerDriver(url, connectTimeout, null);
}
