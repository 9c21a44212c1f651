using System.Diagnostics.Metrics;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.UnitTests.Backends;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Models;

public sealed class SettlementTests : IAsyncDisposable
{
    private static readonly string A = ModelFixture.Text('a');

    private readonly ModelFixture _model = new();

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    [Fact]
    public async Task Settle_JudgingThrows_TheSlotIsFree()
    {
        // Fault 14: a metrics listener that threw left the slot occupied for ever.
        await _model.StartAsync();
        _model.AddSnapshot(A);
        using var prompt = TestPrompts.Of(A + "more");
        var placement = await _model.PlaceAsync(prompt).DefaultTimeout();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter, _model.Metrics.Meter))
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => throw new InvalidOperationException("test"));
        listener.Start();

        await Assert.ThrowsAsync<InvalidOperationException>(() => _model.FinishAsync(placement, A, cached: 1000));

        listener.Dispose();
        _model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Settle_RestoreHadNoEffect_TheSnapshotIsPutAway()
    {
        await _model.StartAsync();
        _model.AddSnapshot(A);

        await _model.RunAsync(A + "more", cached: 0);

        Assert.Equal(["none"], _model.Context.Effectiveness.Last.Select(e => e.Status));
        Assert.Empty(_model.Store.All);
    }

    [Fact]
    public async Task Settle_AnotherProcessAnswered_TheSnapshotIsNotBlamed()
    {
        // The server ended between the restore and the request, which the router before it sent on to its successor.
        await _model.StartAsync();
        var snapshot = _model.AddSnapshot(A);
        using var prompt = TestPrompts.Of(A + "more");
        var instance = _model.Instance;
        var placement = await _model.PlaceAsync(prompt).DefaultTimeout();
        await _model.ReplaceAsync();

        await instance.SettleAsync(placement, new(IsComplete: true, IsStreaming: true, new PromptTimings(0, 1001, 0), 1)).DefaultTimeout();

        Assert.Empty(_model.Context.Effectiveness.Last);
        Assert.Equal(snapshot.File, Assert.Single(_model.Store.All).File);
    }

    [Fact]
    public async Task Settle_RequestExplainsItself_NothingIsLearned()
    {
        // Fault 21: requests with adapters of their own reuse nothing, and switched restoring off.
        await _model.StartAsync();
        var instance = _model.Instance;
        _model.AddSnapshot(A);
        var rates = _model.Context.Rates.Now;

        var restored = await _model.RunAsync(A + "more", cached: 0, o => o with { HasOtherExplanation = true });
        var hot = await _model.RunAsync(A + "more and more", cached: 0, o => o with { HasOtherExplanation = true });

        Assert.Equal((PromptSource.Restored, PromptSource.Hot), (restored.Plan.Source, hot.Plan.Source));
        Assert.Empty(_model.Context.Effectiveness.Last);
        Assert.Single(_model.Store.All);
        Assert.Equal(rates.RollBack, _model.Context.Rates.Now.RollBack);
        Assert.Same(instance, _model.Instance);
    }

    [Fact]
    public async Task Settle_RequestsExplainThemselves_TheRamCacheIsStillBelievedIn()
    {
        // Fault 21: two requests with adapters of their own found nothing in the server's RAM cache, and nothing was expected of it again.
        await using var model = new ModelFixture(o => o with { KvSave = SaveMode.Never });
        await model.StartAsync();
        foreach (var letter in "abcde")
            await model.RunAsync(ModelFixture.Text(letter)); // two slots: a, b and c are displaced

        foreach (var letter in "ab")
        {
            var explained = await model.RunAsync(
                ModelFixture.Text(letter) + "more", cached: 0, o => o with { HasOtherExplanation = true });
            Assert.True(explained.Plan.IsExpectedInRam);
        }

        var next = await model.RunAsync(ModelFixture.Text('c') + "more", cached: 1000);
        Assert.True(next.Plan.IsExpectedInRam);
    }

    [Fact]
    public async Task Settle_HotPromptReusedNothing_TheProcessIsAskedAbout()
    {
        await _model.StartAsync();
        await _model.RunAsync(A);
        var asked = _model.Driver.Checks;

        await _model.RunAsync(A + "more", cached: 0);

        Assert.Equal(asked + 1, _model.Driver.Checks);
    }

    [Fact]
    public async Task Settle_InstanceIsRetiredWhileTheProcessIsAskedAbout_EndsWithoutAnError()
    {
        await _model.StartAsync();
        await _model.RunAsync(A);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _model.Driver.OnCheckProcess = async retired =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, retired);
            return ProcessCheck.Same;
        };
        var settling = _model.RunAsync(A + "more", cached: 0);
        await asked.Task.DefaultTimeout();

        await _model.ReplaceAsync();

        await settling.DefaultTimeout();
    }

    [Fact]
    public async Task Settle_ReuseThatNothingExplains_IsNeverSaved()
    {
        // Fault 22: a state that another program had restored wrongly became a snapshot, and outlived the server.
        _model.RunBefore();
        await _model.StartAsync();

        await _model.RunAsync(A, cached: 900);
        await _model.Instance.Watcher.CatchUpAsync(default).DefaultTimeout();
        await _model.Instance.Saver.SaveAllAsync("test", TimeSpan.Zero, goesFirst: true, default).DefaultTimeout();

        Assert.Contains(_model.Table.View(), slot => slot.Content is { IsUnexplained: true });
        Assert.False(_model.Instance.Saver.HasDue);
        Assert.Equal(0, _model.Api.Count("save"));
    }

    [Fact]
    public async Task Settle_ReuseThatIsExplained_IsSaved()
    {
        await _model.StartAsync();
        await _model.RunAsync(A);
        await _model.RunAsync(A + "more", cached: 1000);

        await _model.Instance.Saver.SaveAllAsync("test", TimeSpan.Zero, goesFirst: true, default).DefaultTimeout();

        Assert.Equal(1, _model.Api.Count("save"));
    }

    [Fact]
    public async Task Settle_CancelledWhileTheListIsSilent_TheSlotStaysOccupied()
    {
        // Fault 3: silence frees no slot; the request may still run.
        await _model.StartAsync();
        using var prompt = TestPrompts.Of(A);
        var placement = await _model.PlaceAsync(prompt).DefaultTimeout();
        _model.Api.Begin(placement.Slot!.Value);
        _model.Instance.Started(placement);
        var silent = 0;
        _model.Api.OnSlots = _ => Task.FromResult<BackendAnswer<IReadOnlyList<SlotRow>>?>(
            ++silent < 4 ? FakeSlotApi.Fails<IReadOnlyList<SlotRow>>(FakeSlotApi.Silence) : null);
        var settling = _model.Instance.SettleAsync(placement, new WorkOutcome(IsComplete: false, IsStreaming: true, null, 0.5));
        while (Volatile.Read(ref silent) < 4)
        {
            Assert.False(settling.IsCompleted);
            await _model.Clock.WhenTimersAsync(1).DefaultTimeout();
            _model.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Contains(_model.Table.View(), slot => slot.Id == placement.Slot && slot.IsBusy);
        _model.Api.Set(placement.Slot.Value, 10);
        while (!settling.IsCompleted)
        {
            await Task.WhenAny(settling, _model.Clock.WhenTimersAsync(1)).DefaultTimeout();
            _model.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        await settling;
        _model.AssertNothingIsOwned();
    }
}
