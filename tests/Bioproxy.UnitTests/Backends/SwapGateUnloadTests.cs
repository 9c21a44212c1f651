using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Backends;

/// <summary>Models that go without another one taking their room: on request, or because no request waits for the load any more.</summary>
public sealed class SwapGateUnloadTests
{
    private readonly SwapGate _gate = new(
        new TestClock(), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(10), NullLogger<SwapGate>.Instance);

    private readonly List<string> _stopped = [];
    private readonly TaskCompletionSource<bool> _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task LastRequestLeavesWhileItsModelLoads_TheLoadIsStoppedBeforeAnotherBegins()
    {
        UseStop();
        var asked = await _gate.EnterAsync("a", default);
        Observe(("a", ListedStatus.Loading));

        asked.Dispose();
        var next = _gate.EnterAsync("a", default).AsTask();

        Assert.Equal(["a"], _stopped);
        Assert.False(next.IsCompleted);
        _stopping.SetResult(false);
        (await next.DefaultTimeout()).Dispose();
    }

    [Fact]
    public async Task OneOfTwoRequestsLeaves_TheLoadContinues()
    {
        UseStop();
        var asked = await _gate.EnterAsync("a", default);
        using var other = await _gate.EnterAsync("a", default);
        Observe(("a", ListedStatus.Loading));

        asked.Dispose();

        Assert.Empty(_stopped);
        Assert.Equal(SwapState.Coming, _gate.StateOf("a"));
    }

    [Fact]
    public async Task LastRequestEndsAfterItsModelWasLoaded_NothingIsStopped()
    {
        UseStop();
        var asked = await _gate.EnterAsync("a", default);
        Observe(("a", ListedStatus.Ready));

        asked.Dispose();

        Assert.Empty(_stopped);
    }

    [Fact]
    public async Task LoadHasEndedMeanwhile_TheModelIsUsed()
    {
        UseStop();
        (await _gate.EnterAsync("a", default)).Dispose();

        _stopping.SetResult(true);

        await Eventually.TrueAsync(() => _gate.StateOf("a") == SwapState.Here, Tolerances.Soon, "it is loaded");
        Assert.True(_gate.EnterAsync("a", default).AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task StopFails_TheGateWorksOn()
    {
        UseStop();
        (await _gate.EnterAsync("a", default)).Dispose();

        _stopping.SetException(new InvalidOperationException("test"));

        (await _gate.EnterAsync("b", default).AsTask().DefaultTimeout()).Dispose();
    }

    [Fact]
    public async Task Unload_BusyModel_WaitsUntilItIsIdle()
    {
        var unloaded = new List<string>();
        _gate.Unload = (model, _) =>
        {
            unloaded.Add(model);
            return Task.CompletedTask;
        };
        Observe(("a", ListedStatus.Ready));
        var busy = await _gate.EnterAsync("a", default);
        var unloading = _gate.UnloadAsync("a", default);
        var next = _gate.EnterAsync("a", default).AsTask();
        Assert.False(unloading.IsCompleted || next.IsCompleted);
        Assert.Equal("it is being unloaded first", _gate.ObstacleOf("a"));

        busy.Dispose();

        await unloading.DefaultTimeout();
        Assert.Equal(["a"], unloaded);
        (await next.DefaultTimeout()).Dispose(); // loaded again
    }

    [Fact]
    public async Task Unload_GivenUp_RequestsAreLetThrough()
    {
        Observe(("a", ListedStatus.Ready));
        using var busy = await _gate.EnterAsync("a", default);
        using var leaving = new CancellationTokenSource();
        var unloading = _gate.UnloadAsync("a", leaving.Token);
        var next = _gate.EnterAsync("a", default).AsTask();

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => unloading).DefaultTimeout();
        (await next.DefaultTimeout()).Dispose();
    }

    [Fact]
    public void Unload_ModelThatIsNotLoaded_ReturnsAtOnce() =>
        Assert.True(_gate.UnloadAsync("a", default).IsCompletedSuccessfully);

    [Fact]
    public async Task Obstacle_SaysWhyARequestWaits()
    {
        Observe(("a", ListedStatus.Ready));
        using var busy = await _gate.EnterAsync("a", default);
        using var leaving = new CancellationTokenSource();
        var other = _gate.EnterAsync("b", leaving.Token).AsTask();

        Assert.Null(_gate.ObstacleOf("a"));
        Assert.Equal("another model is busy", _gate.ObstacleOf("b"));

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other).DefaultTimeout();
    }

    private void UseStop() => _gate.StopLoad = (model, _) =>
    {
        _stopped.Add(model);
        return _stopping.Task;
    };

    private void Observe(params (string Name, ListedStatus Status)[] models) =>
        _gate.Observe(new ModelList([.. models.Select(model => new ListedModel(model.Name, model.Status))], 1));
}
