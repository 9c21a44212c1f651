using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.UnitTests.Backends;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Models;

public sealed class SlotSchedulerTests : IAsyncDisposable
{
    private static readonly string A = ModelFixture.Text('a');
    private static readonly string B = ModelFixture.Text('b');
    private static readonly string C = ModelFixture.Text('c');

    private ModelFixture _model = new();

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    [Fact]
    public async Task Place_NothingIsKnown_ComputesItInASlotOfOurChoice()
    {
        await _model.StartAsync();

        var placement = await _model.RunAsync(A);

        Assert.Equal(PromptSource.Cold, placement.Plan.Source);
        Assert.NotNull(placement.Slot);
        _model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Place_SlotHoldsItsBeginning_IsHot()
    {
        await _model.StartAsync();
        var first = await _model.RunAsync(A);
        await _model.RunAsync(B);

        var placement = await _model.RunAsync(A + "more", cached: 1000);

        Assert.Equal((PromptSource.Hot, first.Slot), (placement.Plan.Source, placement.Slot));
    }

    [Fact]
    public async Task Place_SnapshotHoldsItsBeginning_IsRestored()
    {
        await _model.StartAsync();
        var snapshot = _model.AddSnapshot(A);

        var placement = await _model.RunAsync(A + "more", cached: 1000);

        Assert.Equal(PromptSource.Restored, placement.Plan.Source);
        Assert.Same(snapshot, placement.Snapshot);
        Assert.Equal(1, _model.Api.Count($"restore {placement.Slot}"));
        _model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Place_ServerTakesNoPin_PreparesTheSlotThatItWillTake()
    {
        await _model.StartAsync();
        var snapshot = _model.AddSnapshot(A);
        using var prompt = TestPrompts.Of(A + "more", canPin: false);

        var placement = await _model.PlaceAsync(prompt).DefaultTimeout();
        var prepared = placement.Plan.Slot!.Value;
        await _model.FinishAsync(placement, A + "more", cached: 1000, unpinned: prepared);
        await _model.Instance.Watcher.CatchUpAsync(default).DefaultTimeout();

        Assert.Equal((PromptSource.Restored, (int?)null), (placement.Plan.Source, placement.Slot));
        Assert.Same(snapshot, placement.Snapshot);
        Assert.Equal(1, _model.Api.Count("restore"));
        Assert.Equal(prompt.Chain.End, _model.Table.ContentOf(prepared)?.Chain.End);
        _model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Place_ServerTakesNoPin_NothingElseBeginsBeforeIt()
    {
        await _model.StartAsync();
        await _model.RunAsync(A);
        using var prompt = TestPrompts.Of(A + "more", canPin: false);
        using var other = TestPrompts.Of(B);
        var placement = await _model.PlaceAsync(prompt).DefaultTimeout();
        Assert.Equal(PromptSource.Hot, placement.Plan.Source);

        Assert.Null(_model.Table.TryBegin(new SlotPlan(PromptSource.Cold, 1 - placement.Plan.Slot!.Value, 0), other.Chain));
        Assert.Null(_model.Table.TryBegin(new SlotPlan(PromptSource.Cold, null, 0), other.Chain));

        await _model.FinishAsync(placement, A + "more", cached: 1000, unpinned: placement.Plan.Slot!.Value);
        await _model.Instance.Watcher.CatchUpAsync(default).DefaultTimeout();
        Assert.NotNull(_model.Table.TryBegin(new SlotPlan(PromptSource.Cold, 1 - placement.Plan.Slot!.Value, 0), other.Chain));
    }

    [Fact]
    public async Task Place_ServerTookAnotherSlot_BelievesTheSlotList()
    {
        await _model.StartAsync();
        _model.AddSnapshot(A);
        using var prompt = TestPrompts.Of(A + "more", canPin: false);

        var placement = await _model.PlaceAsync(prompt).DefaultTimeout();
        var taken = 1 - placement.Plan.Slot!.Value;
        await _model.FinishAsync(placement, A + "more", unpinned: taken);
        await _model.Instance.Watcher.CatchUpAsync(default).DefaultTimeout();

        Assert.Equal(prompt.Chain.End, _model.Table.ContentOf(taken)?.Chain.End);
        Assert.NotEqual(prompt.Chain.End, _model.Table.ContentOf(1 - taken)?.Chain.End);
    }

    [Fact]
    public async Task Place_ServerTakesNoPin_RestoresNothingThatItWouldNotChoose()
    {
        await _model.StartAsync();
        _model.AddSnapshot(A);
        using var prompt = TestPrompts.Of(A + ModelFixture.Text('z', 100_000), canPin: false);

        var placement = await _model.PlaceAsync(prompt).DefaultTimeout();

        Assert.Equal((PromptSource.Cold, (int?)null), (placement.Plan.Source, placement.Plan.Slot));
        Assert.Equal(0, _model.Api.Count("restore"));
    }

    [Fact]
    public async Task Place_InstanceIsRetiredMeanwhile_IsPlacedWithoutASlot()
    {
        // A server that was killed and started again cost the request that waited for a slot list its answer.
        await _model.StartAsync();
        _model.Clock.Advance(TimeSpan.FromSeconds(2)); // the last list is old
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _model.Api.OnSlots = async retired =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, retired);
            return null;
        };
        using var prompt = TestPrompts.Of(A);
        var placing = _model.PlaceAsync(prompt).AsTask();
        await asked.Task.DefaultTimeout();

        _model.Api.OnSlots = null;
        await _model.ReplaceAsync();

        Assert.Null((await placing.DefaultTimeout()).Work);
    }

    [Fact]
    public async Task Place_EverySlotHoldsAConversation_SavesOneFirst()
    {
        await _model.StartAsync();
        await _model.RunAsync(A);
        await _model.RunAsync(B);

        var placement = await _model.RunAsync(C);

        Assert.Equal(1, _model.Api.Count($"save {placement.Slot}"));
        Assert.Single(_model.Store.All);
        _model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Place_SaveFails_IsNotTriedAgainForThisRequest()
    {
        await _model.StartAsync();
        await _model.RunAsync(A);
        await _model.RunAsync(B);
        _model.Api.OnSave = static (_, _) => Task.FromResult<BackendAnswer<SlotFileResult>?>(new(null, 500, "disk full", null, null));

        var placement = await _model.RunAsync(C);

        Assert.NotNull(placement.Slot);
        Assert.Equal(1, _model.Api.Count("save"));
        Assert.Empty(_model.Store.All);
        _model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Place_UnexplainedStateIsDisplaced_IsNotSaved()
    {
        // Fault 22: displacing a state that the server reused for reasons unknown to us made a snapshot of it.
        _model.RunBefore();
        await _model.StartAsync();
        await _model.RunAsync(A, cached: 900);
        await _model.Instance.Watcher.CatchUpAsync(default).DefaultTimeout();
        await _model.RunAsync(B, cached: 900, unpinned: 1);
        await _model.Instance.Watcher.CatchUpAsync(default).DefaultTimeout();
        Assert.All(_model.Table.View(), slot => Assert.True(slot.Content is { IsUnexplained: true }));

        await _model.RunAsync(C);

        Assert.Equal(0, _model.Api.Count("save"));
    }

    [Fact]
    public async Task Place_RestoreDisplacesWhatIsNowhereElse_StashesItFirst()
    {
        await StartWithoutSavingAsync();
        _model.AddSnapshot(C);
        await _model.RunAsync(A);
        await _model.RunAsync(B);
        var before = _model.Api.Calls.Count;

        var placement = await _model.RunAsync(C + "more", cached: 1000);

        Assert.Equal(PromptSource.Restored, placement.Plan.Source);
        Assert.Equal(
            [$"evaluate {placement.Slot} 1", $"restore {placement.Slot}"],
            _model.Api.Calls.Skip(before).Where(c => c != "slots"));
        _model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Place_StashGetsNoAnswer_EndsWithinItsLimitAndHoldsUpNobody()
    {
        // Fault 7: a stash without a limit kept its request, and the turn of all other placements, for as long as the server was silent.
        await StartWithoutSavingAsync();
        var snapshot = _model.AddSnapshot(C);
        await _model.RunAsync(A);
        await _model.RunAsync(B);
        var stashing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _model.Api.OnEvaluate = async (_, _, token) =>
        {
            stashing.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
            return null;
        };
        using var prompt = TestPrompts.Of(C + "more");
        var placing = _model.PlaceAsync(prompt).AsTask();
        await stashing.Task.DefaultTimeout();

        var other = await _model.RunAsync(B + "more", cached: 1000);
        Assert.False(placing.IsCompleted);
        _model.Clock.Advance(TimeSpan.FromSeconds(3));
        var placement = await placing.DefaultTimeout();

        Assert.Equal(PromptSource.Hot, other.Plan.Source);
        Assert.NotEqual(PromptSource.Restored, placement.Plan.Source);
        Assert.Equal(0, _model.Api.Count("restore"));
        await _model.FinishAsync(placement, C);
        Assert.False(_model.Store.Describe(snapshot).IsInUse);
        _model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Place_ServerCannotRestore_ComputesItAndPutsTheSnapshotAway()
    {
        await _model.StartAsync();
        _model.AddSnapshot(A);
        _model.Api.OnRestore = static (_, _) => Task.FromResult<BackendAnswer<SlotFileResult>?>(new(null, 400, "bad file", null, null));

        var placement = await _model.RunAsync(A + "more");

        Assert.Equal(PromptSource.Cold, placement.Plan.Source);
        Assert.Empty(_model.Store.All);
        Assert.Single(_model.Store.Quarantined);
        _model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Place_RestoreIsNotAnswered_ComputesItAndKeepsTheSnapshot()
    {
        // Fault 3: silence proves nothing against the file.
        await _model.StartAsync();
        _model.AddSnapshot(A);
        _model.Api.OnRestore = static (_, _) => Task.FromResult<BackendAnswer<SlotFileResult>?>(
            FakeSlotApi.Fails<SlotFileResult>(FakeSlotApi.Silence));

        var placement = await _model.RunAsync(A + "more");

        Assert.Equal(PromptSource.Cold, placement.Plan.Source);
        Assert.Single(_model.Store.All);
        Assert.Empty(_model.Store.Quarantined);
        Assert.False(_model.Instance.Retired.IsCancellationRequested);
        _model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task Place_BackendSuspectedMeanwhile_TheServerChooses()
    {
        await _model.StartAsync();
        var snapshot = _model.AddSnapshot(A);
        var instance = _model.Instance;
        _model.Api.OnRestore = (_, _) =>
        {
            instance.Suspect("test");
            return Task.FromResult<BackendAnswer<SlotFileResult>?>(null);
        };
        using var prompt = TestPrompts.Of(A + "more");

        var placement = await instance.PlaceAsync(prompt, null, 1, Lane.Interactive, default).DefaultTimeout();

        Assert.Same(Placement.ServerChooses, placement);
        Assert.False(_model.Store.Describe(snapshot).IsInUse);
    }

    [Theory]
    [InlineData("poll")]
    [InlineData("proof")]
    [InlineData("stash")]
    [InlineData("restore")]
    [InlineData("proof after restore")]
    public async Task Place_ClientLeaves_NothingIsOwned(string when)
    {
        await StartWithoutSavingAsync();
        _model.AddSnapshot(C);
        await _model.RunAsync(A);
        await _model.RunAsync(B);
        using var leaving = new CancellationTokenSource();
        var hasLeft = false;
        var restored = false;
        _model.Api.OnSlots = async _ => await LeaveAsync<IReadOnlyList<SlotRow>>("poll");
        _model.Api.OnEvaluate = async (_, _, token) =>
        {
            await LeaveAsync<EvaluationResult>("stash");
            token.ThrowIfCancellationRequested();
            return null;
        };
        _model.Api.OnRestore = async (_, _) =>
        {
            restored = true;
            return await LeaveAsync<SlotFileResult>("restore");
        };
        _model.Driver.OnCheckProcess = async token =>
        {
            await LeaveAsync<object>(restored ? "proof after restore" : "proof");
            token.ThrowIfCancellationRequested();
            return ProcessCheck.Same;
        };
        using var prompt = TestPrompts.Of(C + "more");
        _model.Clock.Advance(TimeSpan.FromSeconds(2)); // so that it begins with a poll
        _model.Backend.Monitor.Touch();

        try
        {
            // Once begun, a restore is finished: then the placement is the caller's to settle.
            await _model.FinishAsync(await _model.PlaceAsync(prompt, leaving.Token).DefaultTimeout(), C, cached: 1000);
        }
        catch (OperationCanceledException)
        {
            Assert.True(leaving.IsCancellationRequested);
        }

        Assert.True(hasLeft);
        _model.AssertNothingIsOwned();

        async Task<BackendAnswer<T>?> LeaveAsync<T>(string at)
            where T : class
        {
            if (at == when && !hasLeft)
            {
                hasLeft = true;
                await leaving.CancelAsync();
            }

            return null;
        }
    }

    [Fact]
    public async Task Place_WhatItSharesIsBeingSaved_GoesOnThereAfterwards()
    {
        await _model.StartAsync();
        var (slot, save) = await SavingAsync();
        using var edited = TestPrompts.Of(A + B);

        var placing = _model.PlaceAsync(edited).AsTask();
        Assert.False(placing.IsCompleted);
        _model.Table.EndSave(save, new SavedPrefix("a.bin", 2000, save.Chain!, IsConversation: true), isContradicted: false);

        var placement = await placing.DefaultTimeout();
        Assert.Equal((PromptSource.Hot, slot), (placement.Plan.Source, placement.Slot));
    }

    [Fact]
    public async Task Place_TheSaveTakesLongerThanToComputeIt_GoesElsewhere()
    {
        await _model.StartAsync();
        var (slot, save) = await SavingAsync();
        using var edited = TestPrompts.Of(A + B);

        var placing = _model.PlaceAsync(edited).AsTask();
        Assert.False(placing.IsCompleted);
        _model.Clock.Advance(TimeSpan.FromHours(1));

        var placement = await placing.DefaultTimeout();
        Assert.Equal((PromptSource.Cold, 1 - slot), (placement.Plan.Source, placement.Slot!.Value));
        _model.Table.EndSave(save, null, isContradicted: false);
    }

    [Fact]
    public async Task Place_ClientLeavesDuringASave_TheSaveIsFinishedAndNothingIsOwned()
    {
        await _model.StartAsync();
        await _model.RunAsync(A);
        await _model.RunAsync(B);
        using var leaving = new CancellationTokenSource();
        _model.Api.OnSave = async (_, _) =>
        {
            await leaving.CancelAsync();
            return null;
        };
        using var prompt = TestPrompts.Of(C);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _model.PlaceAsync(prompt, leaving.Token).DefaultTimeout());

        Assert.Single(_model.Store.All);
        _model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task IsHot_SlotHoldsIt_SaysSoWithoutAsking()
    {
        await _model.StartAsync();
        await _model.RunAsync(A);
        var asked = _model.Api.Calls.Count;
        using var hot = TestPrompts.Of(A + "more");
        using var cold = TestPrompts.Of(B);

        Assert.True(_model.Instance.IsHot(hot));
        Assert.False(_model.Instance.IsHot(cold));
        Assert.Equal(asked, _model.Api.Calls.Count);
    }

    /// <summary>A conversation whose last message will be edited, and the save of its slot.</summary>
    private async Task<(int Slot, SlotWork Save)> SavingAsync()
    {
        var slot = (await _model.RunAsync(A + C)).Slot!.Value;
        return (slot, _model.Table.TryBeginSave(slot, _model.Table.ContentOf(slot)!)!);
    }

    private async Task StartWithoutSavingAsync()
    {
        await _model.DisposeAsync();
        _model = new ModelFixture(o => o with { KvSave = SaveMode.Never });
        await _model.StartAsync();
    }
}
