using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Routing;
using Bioproxy.UnitTests.Models;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Routing;

/// <summary>What counts in the comparison of places, and what is noise.</summary>
public sealed class ModelRouterCostTests
{
    private static readonly string A = ModelFixture.Text('a');

    [Fact]
    public async Task Route_OnlyOneServerOfTheModelWasMeasured_TheIdleOneIsNotTakenForSlow()
    {
        var rates = new RatesByModel();
        await using var measured = new ModelFixture(name: "measured", rates: rates);
        await using var fresh = new ModelFixture(name: "fresh", rates: rates);
        await measured.StartAsync();
        await fresh.StartAsync();
        measured.Context.Rates.Begin("one");
        fresh.Context.Rates.Begin("one");
        measured.Context.Rates.Prefilled(4000, 1);
        await BeBusyAsync(measured, seconds: 10);
        using var prompt = TestPrompts.Of(A);

        Assert.Equal(["fresh", "measured"], Names(RouterOf(measured, fresh).Route(null, prompt, Lane.Interactive, 1)));
    }

    [Fact]
    public async Task Route_OneHasToSaveFirst_TheOtherGoesFirstThoughItWasBusier()
    {
        await using var full = new ModelFixture(SavesAll, name: "full");
        await using var empty = new ModelFixture(SavesAll, name: "empty");
        await full.StartAsync();
        await empty.StartAsync();
        foreach (var place in new[] { full, empty })
            place.Context.Rates.Saved(1000, 1_000_000, 20); // 50 kB a second: a conversation of 1,000 tokens takes 20 s
        await full.RunAsync(A);
        await full.RunAsync(ModelFixture.Text('b'));
        await BeBusyAsync(empty, seconds: 10);
        using var prompt = TestPrompts.Of(ModelFixture.Text('c'));

        var candidates = RouterOf(full, empty).Route(null, prompt, Lane.Interactive, 1);

        Assert.Equal(["empty", "full"], Names(candidates));
        Assert.Equal([0, 20], candidates.Select(candidate => Math.Round(candidate.EvictionSeconds, 3)));
    }

    [Fact]
    public async Task Route_AllSlotsAreAtWork_SavingWhatTheyLeaveCounts()
    {
        await using var model = new ModelFixture(SavesAll, name: "model");
        await using var idle = new ModelFixture(SavesAll, name: "idle");
        await model.StartAsync();
        await idle.StartAsync();
        model.Context.Rates.Saved(1000, 1_000_000, 20);
        using var one = TestPrompts.Of(A);
        using var other = TestPrompts.Of(ModelFixture.Text('b', 2400));
        using var next = TestPrompts.Of(ModelFixture.Text('c'));
        await model.PlaceAsync(one).DefaultTimeout();
        await model.PlaceAsync(other).DefaultTimeout();

        var candidates = RouterOf(model, idle).Route(null, next, Lane.Interactive, 1);

        Assert.Equal([0, 16], candidates.Select(candidate => Math.Round(candidate.EvictionSeconds, 1))); // 20 s or 12 s
    }

    [Theory]
    [InlineData(10, 0.3, 10, 0, "other")] // a save is no noise because the prompt is long
    [InlineData(10, 0.01, 10, 0, "one")]
    [InlineData(10.4, 0, 10, 0, "one")] // a rate is measured no better than this
    [InlineData(10.6, 0, 10, 0, "other")]
    [InlineData(10, 5.2, 10, 5, "one")]
    [InlineData(5, 5.3, 10, 0, "other")]
    public async Task Sort_TheSecondWasLessBusy_GoesFirstWhereTheDifferenceIsNoise(
        double prompt, double eviction, double otherPrompt, double otherEviction, string first)
    {
        await using var busy = new ModelFixture(name: "other");
        await using var quiet = new ModelFixture(name: "one");
        RouteCandidate[] candidates =
        [
            new(busy.Model, 0, 0, otherPrompt, otherEviction) { BusySeconds = 100 },
            new(quiet.Model, 0, 0, prompt, eviction) { BusySeconds = 1 },
        ];

        ModelRouter.Sort(candidates);

        Assert.Equal(first, candidates[0].Model.Backend.Name);
    }

    [Fact]
    public async Task Sort_OneThatIsAsGoodTakesLongerThanOneThatIsNot_ComesBeforeIt()
    {
        await using var place = new ModelFixture();
        RouteCandidate[] candidates =
        [
            new(place.Model, 0, 0, 10, 0.3) { BusySeconds = 1 },
            new(place.Model, 0, 0, 10, 0) { BusySeconds = 100 },
            new(place.Model, 0, 0, 10.4, 0) { BusySeconds = 10 },
        ];

        ModelRouter.Sort(candidates);

        Assert.Equal([10.4, 10, 10.3], candidates.Select(candidate => candidate.Seconds));
    }

    private static ModelRouter RouterOf(params ModelFixture[] places) =>
        new(new ModelDirectory([.. places.Select(place => place.Model)]), places[0].Options);

    private static string[] Names(IReadOnlyList<RouteCandidate> candidates) =>
        [.. candidates.Select(candidate => candidate.Model.Backend.Name)];

    private static ProxyOptions SavesAll(ProxyOptions options) => options with { KvSave = SaveMode.Always };

    private static async Task BeBusyAsync(ModelFixture model, int seconds)
    {
        var grant = await model.Queue.AcquireAsync(new(Lane.Interactive, 1), CancellationToken.None).DefaultTimeout();
        model.Clock.Advance(TimeSpan.FromSeconds(seconds));
        grant.Lease!.Release();
    }
}
