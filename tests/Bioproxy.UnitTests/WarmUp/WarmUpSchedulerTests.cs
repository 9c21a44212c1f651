using Bioproxy.Doubles;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.UnitTests.WarmUp;

public sealed class WarmUpSchedulerTests : IAsyncDisposable
{
    private readonly WarmUpFixture _warm = new();

    public ValueTask DisposeAsync() => _warm.DisposeAsync();

    [Fact]
    public async Task Check_NewInstance_BeginsAnewAndFindsItsSnapshot()
    {
        await _warm.Model.StartAsync();
        await _warm.Scheduler.CheckAsync(default).DefaultTimeout();
        var (evaluated, rendered) = (_warm.Evaluations.Count, _warm.Model.Api.Count("tokenize"));

        await _warm.Model.ReplaceAsync();
        await _warm.Model.Instance.Recognition.FirstAttempt.DefaultTimeout();
        Assert.True(await _warm.Scheduler.CheckAsync(default).DefaultTimeout());

        Assert.Equal(WarmUpState.Warm, _warm.Status.State);
        Assert.Equal(evaluated, _warm.Evaluations.Count);
        Assert.True(_warm.Model.Api.Count("tokenize") > rendered); // what was verified on the old instance says nothing of the new one
    }

    [Fact]
    public async Task Check_NewInstanceWithOtherWeights_ComputesItAgain()
    {
        await _warm.Model.StartAsync();
        await _warm.Scheduler.CheckAsync(default).DefaultTimeout();
        _warm.Model.Api.OnProbe = _ => Task.FromResult<Bioproxy.Host.Backends.BackendAnswer<IReadOnlyDictionary<int, double>>?>(
            new(new Dictionary<int, double> { [1] = -4, [2] = -0.1 }, 200, null, null, _warm.Model.Api.Connection));

        await _warm.Model.ReplaceAsync();
        await _warm.Model.Instance.Recognition.FirstAttempt.DefaultTimeout();
        await _warm.Scheduler.CheckAsync(default).DefaultTimeout();

        Assert.Equal(WarmUpState.Warm, _warm.Status.State);
        Assert.Equal(2, _warm.Model.Store.All.Select(s => s.Fingerprint).Distinct().Count());
    }

    [Fact]
    public async Task Execute_ModelRecognisedAndReplaced_ChecksAtOnce()
    {
        await _warm.Scheduler.StartAsync(default).DefaultTimeout();
        await _warm.Model.StartAsync();
        await Eventually.TrueAsync(
            () => _warm.Status.State == WarmUpState.Warm, TimeSpan.FromSeconds(20), "recognising starts the warm-up without the clock");
        var rendered = _warm.Model.Api.Count("tokenize");

        await _warm.Model.ReplaceAsync();

        await Eventually.TrueAsync(
            () => _warm.Model.Api.Count("tokenize") > rendered, TimeSpan.FromSeconds(20), "a new instance starts it again");
        await _warm.Scheduler.StopAsync(default).DefaultTimeout();
    }
}
