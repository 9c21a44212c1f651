using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Backends;

/// <summary>Ollama as a whole, and what is known of its models.</summary>
public sealed class OllamaServerTests : DriverConformanceTests
{
    private readonly ModelServerDriver _driver;
    private readonly ModelHost _host;

    public OllamaServerTests()
    {
        Server.Restart(o => o with { Slots = 0, OllamaModels = ["llama3.1:8b", "qwen3:latest"] });
        _host = TestHosts.Ollama(Server.BaseAddress, TimeSpan.FromSeconds(5));
        _driver = new ModelServerDriver(_host);
    }

    private protected override string FirstQuestion => "/api/tags";

    private protected override IBackendDriver Driver => _driver;

    [Fact]
    public async Task Discover_Models_AreListedWithTheNameThatNeedsNoTag()
    {
        var found = await DiscoverAsync();

        Assert.True(found.Facts is { IsOllama: true, IsRouter: true, IsSelfManaged: true, Missing: null });
        Assert.Equal(["llama3.1:8b", "qwen3:latest"], _host.Backends.Select(backend => backend.Model));
        Assert.Equal(["", "qwen3"], _host.Backends.Select(backend => string.Join(',', backend.Aliases)));
        Assert.All(_host.Backends, backend => Assert.Equal(SwapState.Here, _host.Gate.StateOf(backend.Model!)));
    }

    [Fact]
    public async Task DiscoverModel_Listed_IsReadyAndHasNoSlots()
    {
        using var driver = new HostedModelDriver(_host, "qwen3:latest");

        var found = await driver.DiscoverAsync(BackendState.NotAsked, default).DefaultTimeout();

        Assert.Equal(BackendStatus.Ready, found.Status);
        Assert.True(found.Facts is { IsOllama: true, IsRouter: false, ModelAlias: "qwen3:latest", ModelType: "Q4_K_M" });
        Assert.Equal(("size", "4920753328"), Assert.Single(found.Facts!.MetaMembers));
        Assert.Null(driver.Slots);
    }

    [Fact]
    public async Task DiscoverModel_Deleted_IsNotReachable()
    {
        using var driver = new HostedModelDriver(_host, "gone");

        Assert.Equal(BackendStatus.Unreachable, (await driver.DiscoverAsync(BackendState.NotAsked, default).DefaultTimeout()).Status);
    }

    [Fact]
    public async Task List_AskedByManyModels_AsksTheServerOnceASecond()
    {
        var clock = new TestClock();
        using var host = TestHosts.Ollama(Server.BaseAddress, TimeSpan.FromSeconds(5), clock);
        await host.ListAsync(default).DefaultTimeout();
        await host.ListAsync(default).DefaultTimeout();
        Assert.Single(Server.Requests, request => request.Path == "/api/tags");

        clock.Advance(TimeSpan.FromSeconds(1));
        await host.ListAsync(default).DefaultTimeout();
        Assert.Equal(2, Server.Requests.Count(request => request.Path == "/api/tags"));
    }

    [Fact]
    public async Task Detect_KindNotConfigured_OllamaIsRecognised()
    {
        using var backend = Auto();

        var state = await backend.Monitor.CheckAsync(default).DefaultTimeout();

        Assert.True(state.Facts is { IsOllama: true });
        Assert.True(backend.IsServer);
        Assert.Equal(["llama3.1:8b", "qwen3:latest"], backend.Server!.Backends.Select(model => model.Model));
    }

    [Fact]
    public async Task Detect_OllamaWithoutModels_ServesRequestsItself()
    {
        Server.Restart(o => o with { OllamaModels = [] });
        using var backend = Auto();

        var state = await backend.Monitor.CheckAsync(default).DefaultTimeout();

        Assert.True(state.Facts is { IsOllama: true });
        Assert.False(backend.IsServer);
    }

    [Fact]
    public async Task Detect_LlamaSwap_IsRecognisedAndLoadsNothing()
    {
        Server.Restart(o => o with { IsLlamaSwap = true, OllamaModels = null });
        using var backend = Auto();

        await backend.Monitor.CheckAsync(default).DefaultTimeout();
        await backend.Monitor.CheckAsync(default).DefaultTimeout();

        Assert.Equal("llama-swap", backend.Server!.Server.Kind);
        Assert.Single(Server.Requests, request => request.Path == "/api/version");
        Assert.All(Server.Requests, request => Assert.DoesNotContain("upstream", request.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Detect_AnyOtherServer_IsAskedForItsKindOnce()
    {
        Server.Restart(o => o with { OllamaModels = null });
        using var backend = Auto();
        await backend.Monitor.CheckAsync(default).DefaultTimeout();
        await backend.Monitor.CheckAsync(default).DefaultTimeout();

        Assert.Equal(["/props", "/api/version", "/v1/models", "/running", "/props"], Server.Requests.Select(request => request.Path));
        Assert.False(backend.IsServer);
    }

    [Fact]
    public async Task Detect_AnyOtherServerBesideOthers_ItsModelsAreServedByName()
    {
        Server.Restart(o => o with { OllamaModels = null, Model = "org/big" });
        using var backend = Auto(options => options with { Backends = [new BackendOptions("vllm", Server.BaseAddress)] });

        var state = await backend.Monitor.CheckAsync(default).DefaultTimeout();

        Assert.True(state.Facts is { IsOllama: false, IsSelfManaged: true, Missing: null });
        Assert.Equal(["org/big"], backend.Server!.Backends.Select(model => model.Model));
    }

    private protected override IBackendDriver Create(Uri url, TimeSpan connectTimeout) =>
        new ModelServerDriver(TestHosts.Ollama(url, connectTimeout));

    private Backend Auto(Func<ProxyOptions, ProxyOptions>? change = null)
    {
        var options = new ProxyOptions { BaseDirectory = "/", StateDirectory = "/", BackendUrl = Server.BaseAddress };
        options = change?.Invoke(options) ?? options;
        return BackendsServices.Make(
            options.AllBackends[0], options, TimeProvider.System, NullLogger<BackendMonitor>.Instance, NullLoggerFactory.Instance);
    }
}
