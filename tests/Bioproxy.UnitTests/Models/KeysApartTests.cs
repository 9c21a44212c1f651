using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.UnitTests.Backends;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Models;

/// <summary>Where the server chooses what it reuses, nothing is reused once several keys have used the model.</summary>
public sealed class KeysApartTests : IAsyncDisposable
{
    private static readonly string A = ModelFixture.Text('a');

    private readonly ModelFixture _model = new();

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    [Fact]
    public async Task Place_SlotsAreNotKnown_SecondKeyReusesNothingAndTheFirstNoMore()
    {
        Assert.Same(Placement.ServerChooses, await PlaceAsync("ada"));
        Assert.Same(Placement.ServerChooses, await PlaceAsync("ada"));
        Assert.True((await PlaceAsync("bob")).ForbidsReuse);
        Assert.True((await PlaceAsync("ada")).ForbidsReuse);
        Assert.True((await PlaceAsync(null)).ForbidsReuse);
    }

    [Fact]
    public async Task Place_ServerOfAnotherKind_IsNotAskedForWhatItDoesNotKnow()
    {
        _model.Driver.OnDiscover = static _ =>
            Task.FromResult(Discovery.Found(BackendStatus.Ready, new BackendFacts(), null));
        await _model.CheckAsync();

        Assert.Same(Placement.ServerChooses, await PlaceAsync("ada"));
        Assert.Same(Placement.ServerChooses, await PlaceAsync("bob"));
    }

    [Fact]
    public async Task Place_BackendSuspectedMeanwhile_SecondKeyReusesNothing()
    {
        await _model.StartAsync();
        await _model.FinishAsync(await PlaceAsync("ada"), A);
        var instance = _model.Instance;
        instance.Suspect("test");

        Assert.True((await PlaceAsync("bob", instance)).ForbidsReuse);
    }

    /// <summary>A suspected server may be the same process, which forgets nothing.</summary>
    [Fact]
    public async Task Place_SuccessorOfAnInstance_KnowsItsKeys()
    {
        await _model.StartAsync();
        await _model.FinishAsync(await PlaceAsync("ada"), A);
        await _model.ReplaceAsync();

        Assert.False((await PlaceAsync("ada", canPin: false)).ForbidsReuse);
        Assert.True((await PlaceAsync("bob", canPin: false)).ForbidsReuse);
    }

    private async Task<Placement> PlaceAsync(string? domain, ModelInstance? instance = null, bool canPin = true)
    {
        using var prompt = TestPrompts.Of(A, domain, canPin: canPin);
        return await (instance ?? _model.Instance).PlaceAsync(prompt, domain, 1, Lane.Interactive, default).DefaultTimeout();
    }
}
