using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Slots;
using Bioproxy.UnitTests.Backends;

namespace Bioproxy.UnitTests.Models;

public sealed class ServedModelTests : IAsyncDisposable
{
    private static readonly string A = ModelFixture.Text('a');

    private readonly ModelFixture _model = new();

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    [Fact]
    public async Task Prepare_Sleeping_WakesItOnceForAllAndFindsTheSnapshot()
    {
        // Fault 23: the request that woke a server was computed from nothing, though a snapshot of it existed.
        await _model.StartAsync();
        _model.AddSnapshot(A);
        await SleepAsync();
        var waking = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var probing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _model.Driver.OnWake = async _ =>
        {
            await waking.Task;
            _model.Driver.OnDiscover = _ => Task.FromResult(_model.Ready);
        };
        _model.Api.OnProbe = async _ =>
        {
            await probing.Task;
            return null;
        };

        var prepared = Enumerable.Range(0, 10).Select(_ => _model.Model.PrepareAsync(default).AsTask()).ToList();
        Assert.All(prepared, task => Assert.False(task.IsCompleted));
        waking.SetResult();
        await Eventually.TrueAsync(() => _model.Api.Count("probe") == 2, TimeSpan.FromSeconds(10), "the woken model is being recognised");
        Assert.All(prepared, task => Assert.False(task.IsCompleted));
        probing.SetResult();
        await Task.WhenAll(prepared).DefaultTimeout();

        Assert.Equal(1, _model.Driver.Wakes);
        Assert.Equal(PromptSource.Restored, (await _model.RunAsync(A + "more", cached: 1000)).Plan.Source);
    }

    [Fact]
    public async Task Prepare_Ready_AsksNothing()
    {
        await _model.StartAsync();
        _model.Backend.Monitor.Touch();
        var (calls, checks) = (_model.Api.Calls.Count, _model.Driver.Checks);

        Assert.True(_model.Model.PrepareAsync(default).AsTask().IsCompletedSuccessfully);

        Assert.Equal((calls, checks, 0), (_model.Api.Calls.Count, _model.Driver.Checks, _model.Driver.Wakes));
    }

    [Fact]
    public async Task Prepare_RecognitionFails_HoldsUpNobody()
    {
        await SleepAsync();
        WakeToReady();
        _model.Api.OnProbe = static _ => Task.FromResult<BackendAnswer<IReadOnlyDictionary<int, double>>?>(
            new(null, 500, "test", null, null));

        await _model.Model.PrepareAsync(default).DefaultTimeout();

        Assert.Null(_model.Instance.Recognition.Fingerprint);
        Assert.Equal(BackendStatus.Ready, _model.Instance.State.Status);
    }

    [Fact]
    public async Task Prepare_RecognitionHangs_HoldsRequestsNoLongerThanItsLimit()
    {
        await SleepAsync();
        WakeToReady();
        _model.Api.OnProbe = static async token =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return null;
        };
        var prepared = _model.Model.PrepareAsync(default).AsTask();
        await Eventually.TrueAsync(() => _model.Api.Count("probe") == 1, TimeSpan.FromSeconds(10), "the model is being recognised");
        await _model.Clock.WhenTimersAsync(2).DefaultTimeout(); // the probe's own limit is longer
        Assert.False(prepared.IsCompleted);

        _model.Clock.Advance(TimeSpan.FromSeconds(10));

        await prepared.DefaultTimeout();
    }

    [Fact]
    public async Task Prepare_ClientLeaves_Throws()
    {
        await SleepAsync();
        _model.Driver.OnWake = static token => Task.Delay(Timeout.Infinite, token);
        using var leaving = new CancellationTokenSource();
        var prepared = _model.Model.PrepareAsync(leaving.Token).AsTask();

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => prepared.DefaultTimeout());
        WakeToReady();
        await _model.Model.PrepareAsync(default).DefaultTimeout(); // nobody stands in the way of the next
    }

    [Fact]
    public async Task Prepare_SleptSinceTheLastWork_IsNoticedAndWoken()
    {
        await _model.StartAsync();
        var instance = _model.Instance;
        _model.Clock.Advance(TimeSpan.FromSeconds(2));
        _model.Driver.OnCheckProcess = static _ => Task.FromResult(ProcessCheck.Other);
        _model.Driver.OnDiscover = static _ => Task.FromResult(FakeDriver.Sleeping);
        WakeToReady();

        await _model.Model.PrepareAsync(default).DefaultTimeout();

        Assert.Equal(1, _model.Driver.Wakes);
        Assert.NotSame(instance, _model.Instance);
        Assert.Equal(BackendStatus.Ready, _model.Instance.State.Status);
    }

    [Fact]
    public async Task Prepare_AnotherRequestNoticedTheSleep_WakesItToo()
    {
        // Fault 23: between the suspicion and the next check nothing is known, and that passed for ready.
        await _model.StartAsync();
        _model.AddSnapshot(A);
        _model.Driver.OnDiscover = static _ => Task.FromResult(FakeDriver.Sleeping);
        WakeToReady();
        _model.Instance.Suspect("it slept");

        await _model.Model.PrepareAsync(default).DefaultTimeout();

        Assert.Equal(1, _model.Driver.Wakes);
        Assert.Equal(PromptSource.Restored, (await _model.RunAsync(A + "more", cached: 1000)).Plan.Source);
    }

    [Fact]
    public async Task Acquire_ServerEndsWhileTheRequestWaits_PreparesItsSuccessor()
    {
        // Whoever waited through a crash was sent to a server of which nothing was known: computed from nothing, in a slot that nobody
        // watched, so that its lease came back while the slot was at work.
        await _model.StartAsync();
        _model.AddSnapshot(A);
        var holders = new[] { await HoldAsync(), await HoldAsync() };
        var granting = _model.Model.AcquireAsync(new QueueEntry(Lane.Interactive, 1), default).AsTask();
        await SleepAsync();
        WakeToReady();

        Assert.All(holders, static holder => holder.Release());
        var grant = await granting.DefaultTimeout();

        Assert.Equal((1, 1), (_model.Driver.Wakes, _model.Queue.View.Used));
        Assert.NotNull(_model.Instance.Recognition.Fingerprint);
        Assert.Equal(PromptSource.Restored, (await _model.RunAsync(A + "more", cached: 1000)).Plan.Source);
        grant.Lease!.Release();
    }

    [Fact]
    public async Task Acquire_ClientLeavesWhileItIsPreparedAgain_HoldsNoLease()
    {
        await _model.StartAsync();
        var holders = new[] { await HoldAsync(), await HoldAsync() };
        using var leaving = new CancellationTokenSource();
        var granting = _model.Model.AcquireAsync(new QueueEntry(Lane.Interactive, 1), leaving.Token).AsTask();
        await SleepAsync();
        var waking = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _model.Driver.OnWake = async token =>
        {
            waking.SetResult();
            await Task.Delay(Timeout.Infinite, token);
        };
        Assert.All(holders, static holder => holder.Release());
        await waking.Task.DefaultTimeout();

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => granting.DefaultTimeout());
        Assert.Equal(0, _model.Queue.View.Used);
    }

    [Fact]
    public async Task Prepare_NothingIsKnownAndTheBackendIsSilent_HoldsRequestsNoLongerThanItsLimit()
    {
        _model.Driver.OnDiscover = static async token =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return Discovery.Silence;
        };
        var prepared = Enumerable.Range(0, 3).Select(_ => _model.Model.PrepareAsync(default).AsTask()).ToList();
        Assert.All(prepared, task => Assert.False(task.IsCompleted));

        _model.Clock.Advance(TimeSpan.FromSeconds(10));

        await Task.WhenAll(prepared).DefaultTimeout();
    }

    [Fact]
    public async Task BackendChanged_OtherNumberOfSlots_IsTheQueuesCapacity()
    {
        await _model.StartAsync();
        _model.Driver.OnDiscover = _ => Task.FromResult(_model.Ready with { Facts = _model.Ready.Facts! with { TotalSlots = 5 } });

        await _model.CheckAsync();

        Assert.Equal(5, _model.Queue.View.Capacity);
    }

    [Fact]
    public async Task BackendChanged_Suspected_TheOldInstanceIsRetired()
    {
        await _model.StartAsync();
        await _model.RunAsync(A);
        var old = _model.Instance;

        await _model.ReplaceAsync();

        await Eventually.TrueAsync(() => old.Retired.IsCancellationRequested, TimeSpan.FromSeconds(10), "it is retired in the background");
        Assert.True(old.Table.IsRetired);
        Assert.NotEqual(old.Number, _model.Instance.Number);
        Assert.DoesNotContain(_model.Table.View(), slot => slot.Content?.Tokens == 1000);
    }

    private async Task<Lease> HoldAsync() =>
        (await _model.Model.AcquireAsync(new QueueEntry(Lane.Interactive, 1), default)).Lease!;

    private async Task SleepAsync()
    {
        _model.Driver.OnDiscover = static _ => Task.FromResult(FakeDriver.Sleeping);
        Assert.Equal(BackendStatus.Sleeping, (await _model.CheckAsync()).Status);
    }

    private void WakeToReady() => _model.Driver.OnWake = _ =>
    {
        _model.Driver.OnDiscover = _ => Task.FromResult(_model.Ready);
        return Task.CompletedTask;
    };
}
