using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Routing;
using Bioproxy.UnitTests.Backends;
using Bioproxy.UnitTests.Models;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Routing;

public sealed class ModelRouterTests : IAsyncDisposable
{
    private static readonly string A = ModelFixture.Text('a');

    private readonly ModelFixture _desk = new(name: "desk");
    private readonly FakeModelLoader _loader = new();
    private readonly ModelFixture _gpu;

    public ModelRouterTests() => _gpu = new(name: "gpu", loader: _loader);

    public async ValueTask DisposeAsync()
    {
        await _desk.DisposeAsync();
        await _gpu.DisposeAsync();
    }

    [Fact]
    public async Task Route_OneHoldsThePromptInASlot_GoesThereFirst()
    {
        await StartAsync();
        await _gpu.RunAsync(A);

        Assert.Equal(["gpu", "desk"], Places(A + "more"));
    }

    [Fact]
    public async Task Route_ThePlaceThatHoldsItHasALongQueue_GoesElsewhere()
    {
        await StartAsync();
        await _gpu.RunAsync(A);
        await FillAsync(_gpu, seconds: 60);

        Assert.Equal(["desk", "gpu"], Places(A + "more"));
    }

    [Fact]
    public async Task Route_SnapshotOnDisk_GoesWhereItCanBeRestored()
    {
        await StartAsync();
        _gpu.AddSnapshot(A);

        Assert.Equal(["gpu", "desk"], Places(A + "more"));
    }

    [Fact]
    public async Task Route_PlacesWithoutSlots_AConversationStaysWhereItWasThoughTheOtherIsIdle()
    {
        foreach (var place in new[] { _desk, _gpu })
        {
            place.Driver.OnDiscover = _ => Task.FromResult(
                Discovery.Found(BackendStatus.Ready, FakeDriver.Facts with { IsLlamaServer = false }, null));
            await place.CheckAsync();
        }

        var router = Router();
        Assert.Equal(["desk", "gpu"], Places(router, A));
        var lease = (await _desk.Queue.AcquireAsync(new(Lane.Interactive, 1), CancellationToken.None).DefaultTimeout()).Lease!;

        Assert.Equal(["desk", "gpu"], Places(router, A + "more"));
        Assert.Equal(["gpu", "desk"], Places(router, "another conversation"));
        Assert.Equal(["gpu", "desk"], Places(router, "another conversation goes on"));
        lease.Release();
        Assert.Equal(["gpu", "desk"], Places(router, "another conversation goes on and on"));
    }

    [Theory]
    [InlineData("/models/qwen3-8b.gguf", "qwen3-8b")]
    [InlineData("org/qwen3-8b", "org/qwen3-8b")]
    public async Task Route_NameOfAServedModel_IsItsAliasOrItsFile(string alias, string name)
    {
        _gpu.Driver.OnDiscover = _ => Task.FromResult(
            Discovery.Found(BackendStatus.Ready, FakeDriver.Facts with { ModelAlias = alias, ModelPath = "/models/other.gguf" }, null));
        await StartAsync();

        Assert.Equal(["fake-model", name], Router().Names);
        Assert.Equal(["gpu"], Names(Router().Route(name, null, Lane.Interactive, 1)));
        Assert.Equal(["gpu"], Names(Router().Route(alias, null, Lane.Interactive, 1)));
    }

    [Fact]
    public async Task Route_EquallyGoodPlaces_TheOneThatWasLessBusyGoesFirst()
    {
        await StartAsync();
        await BeBusyAsync(_desk, seconds: 10);
        Assert.Equal(["gpu", "desk"], Places(A));

        await BeBusyAsync(_gpu, seconds: 20);
        Assert.Equal(["desk", "gpu"], Places(A));
    }

    [Fact]
    public async Task Route_OneIsNotLoaded_TheLoadedOneGoesFirst()
    {
        await StartAsync();
        await BeBusyAsync(_desk, seconds: 10);
        _loader.ExpectedSeconds = 5;

        Assert.Equal(["desk", "gpu"], Places(A));
    }

    [Fact]
    public async Task Route_TheLoadedOneHasALongQueue_TheOtherIsLoaded()
    {
        await StartAsync();
        _loader.ExpectedSeconds = 5;
        await FillAsync(_desk, seconds: 60);

        Assert.Equal(["gpu", "desk"], Places(A));
    }

    [Fact]
    public async Task Route_OneIsBeingLoadedForRequests_IsNotAway()
    {
        await StartAsync();
        _gpu.Driver.OnDiscover = _ => Task.FromResult(Discovery.Found(BackendStatus.Loading, null, "test"));
        await _gpu.CheckAsync();
        await FillAsync(_desk, seconds: 60);

        Assert.Equal(["gpu", "desk"], Places(A));
    }

    [Fact]
    public async Task Route_Candidates_TellWaitLoadAndPromptApart()
    {
        await StartAsync();
        _loader.ExpectedSeconds = 5;
        await FillAsync(_desk, seconds: 60);
        using var prompt = TestPrompts.Of(A);

        var candidates = Router().Route(null, prompt, Lane.Interactive, 1);

        Assert.Equal((0.0, 5.0), (candidates[0].WaitSeconds, candidates[0].LoadSeconds));
        Assert.InRange(candidates[1].WaitSeconds, 25, 30); // one of two answers of a minute
        Assert.Equal(0, candidates[1].LoadSeconds);
        Assert.All(candidates, candidate => Assert.True(candidate.PromptSeconds > 0));
    }

    [Fact]
    public async Task Route_TheBestIsAway_TheOthersAreStillComparedWithEachOther()
    {
        await StartAsync();
        await using var third = new ModelFixture(name: "third");
        await third.StartAsync();
        await _desk.RunAsync(A);
        _desk.Model.BackOff.Record(failed: true);
        await BeBusyAsync(_gpu, seconds: 10);
        var router = new ModelRouter(new ModelDirectory([_desk.Model, _gpu.Model, third.Model]), _desk.Options);
        using var prompt = TestPrompts.Of(A + "more");

        Assert.Equal(["third", "gpu", "desk"], Names(router.Route(null, prompt, Lane.Interactive, 1)));
    }

    [Fact]
    public async Task Route_OneIsAway_ComesLast()
    {
        await StartAsync();
        await _gpu.RunAsync(A);
        _gpu.Driver.OnDiscover = _ => Task.FromResult(Discovery.Found(BackendStatus.Unreachable, null, "test"));
        await _gpu.CheckAsync();

        Assert.Equal(["desk", "gpu"], Places(A + "more"));
    }

    [Fact]
    public async Task Route_OneFailedJustNow_ComesLastForAWhile()
    {
        await StartAsync();
        await _gpu.RunAsync(A);
        _gpu.Model.BackOff.Record(failed: true);

        Assert.Equal(["desk", "gpu"], Places(A + "more"));

        _gpu.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["gpu", "desk"], Places(A + "more"));
    }

    [Theory]
    [InlineData("coder", "desk,gpu")]
    [InlineData("gpt-4o", "desk,gpu")]
    [InlineData("claude-opus-4", "desk,gpu")]
    [InlineData("big", "gpu")]
    [InlineData(null, "gpu")]
    [InlineData("Coder", "")]
    [InlineData("claude", "")]
    public async Task Route_Names_MeanWhatTheConfigurationSays(string? name, string places)
    {
        await StartAsync();
        var router = Router(o => o with
        {
            Models =
            [
                new ModelOptions("coder", [new("desk", null), new("gpu", "fake-model")], ["gpt-4o", "claude-*"]),
                new ModelOptions("big", [new("gpu", null)], []),
            ],
            DefaultModel = "big",
        });

        Assert.Equal(places, string.Join(',', Names(router.Route(name, null, Lane.Interactive, 1)).Order(StringComparer.Ordinal)));
        Assert.Equal(["coder", "gpt-4o", "big"], router.Names);
    }

    [Theory]
    [InlineData("fake-model", 2)]
    [InlineData("gpu", 1)]
    [InlineData(null, 2)]
    [InlineData("other", 0)]
    public async Task Route_NoModelsConfigured_TheServersNamesCount(string? name, int places)
    {
        await StartAsync();

        Assert.Equal(places, Router().Route(name, null, Lane.Interactive, 1).Count);
    }

    [Fact]
    public async Task Route_OneBackendAndNoModels_EveryNameIsTheOne()
    {
        await _desk.StartAsync();
        var router = new ModelRouter(new ModelDirectory([_desk.Model]), _desk.Options);

        Assert.False(router.HasNames);
        Assert.Equal(["desk"], Names(router.Route("anything", null, Lane.Interactive, 1)));
    }

    private async Task StartAsync()
    {
        await _desk.StartAsync();
        await _gpu.StartAsync();
    }

    private ModelRouter Router(Func<ProxyOptions, ProxyOptions>? change = null) =>
        new(new ModelDirectory([_desk.Model, _gpu.Model]), change?.Invoke(_desk.Options) ?? _desk.Options);

    private string[] Places(string text) => Places(Router(), text);

    private static string[] Places(ModelRouter router, string text)
    {
        using var prompt = TestPrompts.Of(text);
        return Names(router.Route(null, prompt, Lane.Interactive, 1));
    }

    private static string[] Names(IReadOnlyList<RouteCandidate> candidates) =>
        [.. candidates.Select(candidate => candidate.Model.Backend.Name)];

    private static async Task BeBusyAsync(ModelFixture model, int seconds)
    {
        var grant = await model.Queue.AcquireAsync(new(Lane.Interactive, 1), CancellationToken.None).DefaultTimeout();
        model.Clock.Advance(TimeSpan.FromSeconds(seconds));
        grant.Lease!.Release();
    }

    /// <summary>All slots are taken, after requests that took this long each.</summary>
    private static async Task FillAsync(ModelFixture model, int seconds)
    {
        for (var i = 0; i < 20; i++)
        {
            var lease = await AcquireAsync();
            model.Clock.Advance(TimeSpan.FromSeconds(seconds));
            lease.Release();
        }

        await AcquireAsync();
        await AcquireAsync();

        async Task<Lease> AcquireAsync() =>
            (await model.Queue.AcquireAsync(new(Lane.Interactive, 1), CancellationToken.None).DefaultTimeout()).Lease!;
    }
}
