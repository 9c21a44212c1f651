using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers;

namespace Bioproxy.UnitTests.Backends;

/// <summary>One model of a llama-swap, which is loaded.</summary>
public sealed class SwappedModelDriverTests : DriverConformanceTests
{
    private readonly HostedModelDriver _driver;

    public SwappedModelDriverTests()
    {
        Server.Restart(o => o with { IsLlamaSwap = true, IsLoaded = true });
        _driver = new HostedModelDriver(TestHosts.LlamaSwap(Server.BaseAddress, TimeSpan.FromSeconds(5)), "fake-model");
    }

    private protected override string FirstQuestion => "/v1/models";

    private protected override IBackendDriver Driver => _driver;

    [Fact]
    public async Task Discover_LoadedModel_TellsItsFacts()
    {
        var facts = (await DiscoverAsync()).Facts;

        Assert.True(facts is { IsLlamaServer: true, IsRouter: false, CanReadSlots: true, CanSaveSlots: true, TotalSlots: 2 });
    }

    [Fact]
    public async Task Discover_KnownModel_IsNotAskedAgain()
    {
        // Every call to the model's own server puts off the end of its ttl.
        var found = await DiscoverAsync();
        var asked = Server.Requests.Count;

        await _driver.DiscoverAsync(new BackendState(found.Status, found.Facts, null), default).DefaultTimeout();

        Assert.Equal(["/v1/models", "/running"], Server.Requests.Skip(asked).Select(request => request.Target));
    }

    [Fact]
    public async Task AnyCall_ModelIsNotLoadedAnyMore_IsNotMade()
    {
        // Fault: a save that came after a swap loaded the model again and wrote an empty slot over a good file.
        await DiscoverAsync();
        Server.Restart(o => o with { IsLoaded = false });
        var asked = Server.Requests.Count;

        Assert.Equal(BackendStatus.Unloaded, (await DiscoverAsync()).Status);
        Assert.Equal(409, (await _driver.Slots!.SaveAsync(0, "a.bin", default).DefaultTimeout()).Status);

        Assert.DoesNotContain(Server.Requests.Skip(asked), request => request.Target.StartsWith("/upstream", StringComparison.Ordinal));
    }

    private protected override IBackendDriver Create(Uri url, TimeSpan connectTimeout) =>
        new HostedModelDriver(TestHosts.LlamaSwap(url, connectTimeout), "fake-model");
}
