using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers;

namespace Bioproxy.UnitTests.Backends;

/// <summary>llama-swap as a whole, none of whose models is loaded.</summary>
public sealed class ModelServerDriverTests : DriverConformanceTests
{
    private readonly ModelServerDriver _driver;
    private readonly ModelHost _host;

    public ModelServerDriverTests()
    {
        Server.Restart(o => o with { IsLlamaSwap = true });
        _host = TestHosts.LlamaSwap(Server.BaseAddress, TimeSpan.FromSeconds(5));
        _driver = new ModelServerDriver(_host);
    }

    private protected override string FirstQuestion => "/v1/models";

    private protected override IBackendDriver Driver => _driver;

    [Fact]
    public async Task Discover_AnyModels_AsksForTheListsOnlyAndLoadsNone()
    {
        var found = await DiscoverAsync();

        Assert.True(found.Facts!.IsRouter);
        Assert.Equal(["/v1/models", "/running"], Server.Requests.Select(request => request.Path));
        Assert.Equal(["fake-model"], _host.Backends.Select(backend => backend.Model));
        Assert.Equal(SwapState.Out, _host.Gate.StateOf("fake-model"));
    }

    private protected override IBackendDriver Create(Uri url, TimeSpan connectTimeout) =>
        new ModelServerDriver(TestHosts.LlamaSwap(url, connectTimeout));
}
