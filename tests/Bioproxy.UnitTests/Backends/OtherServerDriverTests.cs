using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers.Other;

namespace Bioproxy.UnitTests.Backends;

public sealed class OtherServerDriverTests : DriverConformanceTests
{
    private readonly ModelHost _host;
    private readonly OtherServerDriver _driver;

    public OtherServerDriverTests()
    {
        Server.Restart(o => o with { Slots = 0 });
        _host = TestHosts.OpenAi(Server.BaseAddress, TimeSpan.FromSeconds(5));
        _driver = new OtherServerDriver(_host);
    }

    private protected override string FirstQuestion => "/v1/models";

    private protected override IBackendDriver Driver => _driver;

    [Fact]
    public void Slots_OtherServer_HasNone() => Assert.Null(_driver.Slots);

    [Fact]
    public async Task Discover_ListsItsModels_EachIsABackend()
    {
        await DiscoverAsync();

        Assert.Equal(["fake-model"], _host.Backends.Select(backend => backend.Model));
    }

    [Theory]
    [InlineData(401)]
    [InlineData(404)]
    public async Task Discover_DoesNotListThem_IsThereAllTheSame(int status)
    {
        Server.Misbehave("/v1/models", FakeMisbehaviour.Answer(status, "no list for you"));

        var found = await DiscoverAsync();

        Assert.Equal((DiscoveryKind.Found, BackendStatus.Ready), (found.Kind, found.Status));
        Assert.Empty(_host.Backends);
    }

    private protected override IBackendDriver Create(Uri url, TimeSpan connectTimeout) =>
        new OtherServerDriver(TestHosts.OpenAi(url, connectTimeout));
}
