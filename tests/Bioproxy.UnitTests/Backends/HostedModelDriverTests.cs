using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers;

namespace Bioproxy.UnitTests.Backends;

/// <summary>One model of a llama-server in router mode.</summary>
public sealed class HostedModelDriverTests : DriverConformanceTests
{
    private readonly ModelHost _host;
    private readonly HostedModelDriver _driver;

    public HostedModelDriverTests()
    {
        Server.Restart(o => o with { IsRouter = true });
        _host = TestHosts.Router(Server.BaseAddress, TimeSpan.FromSeconds(5));
        _driver = new HostedModelDriver(_host, "fake-model");
    }

    private protected override string FirstQuestion => "/props";

    private protected override IBackendDriver Driver => _driver;

    [Fact]
    public async Task Discover_LoadedModel_TellsItsFacts()
    {
        var facts = (await DiscoverAsync()).Facts;

        Assert.True(facts is { IsLlamaServer: true, IsRouter: false, CanReadSlots: true, CanSaveSlots: true, TotalSlots: 2 });
        Assert.NotNull(facts.ModelMeta);
    }

    [Fact]
    public async Task Call_LoadedModel_NamesItAndDoesNotLoadIt()
    {
        await DiscoverAsync();
        var asked = Server.Requests.Count;

        Assert.True((await _driver.Slots!.GetSlotsAsync(default).DefaultTimeout()).IsSuccess);
        Assert.True((await _driver.Slots.TokenizeAsync("x", default).DefaultTimeout()).IsSuccess);

        var calls = Server.Requests.Skip(asked).ToList();
        Assert.All(calls, call => Assert.Contains("autoload=false&model=fake-model", call.Target, StringComparison.Ordinal));
        Assert.Equal("fake-model", (string)calls[^1].Json["model"]!);
    }

    [Fact]
    public async Task Discover_ItsRoomWasGivenAway_IsUnloadedThoughTheServerStillListsIt()
    {
        await DiscoverAsync();
        using var pass = await _host.Gate.EnterAsync("other", default).AsTask().DefaultTimeout();
        var asked = Server.Requests.Count;

        Assert.Equal(BackendStatus.Unloaded, (await DiscoverAsync()).Status);
        Assert.Equal(409, (await _driver.Slots!.SaveAsync(0, "a.bin", default).DefaultTimeout()).Status);
        Assert.DoesNotContain(Server.Requests.Skip(asked), call => call.Path.StartsWith("/slots", StringComparison.Ordinal));
    }

    private protected override IBackendDriver Create(Uri url, TimeSpan connectTimeout) =>
        new HostedModelDriver(TestHosts.Router(url, connectTimeout), "fake-model");
}
