using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Models.Snapshots;

public sealed class ConversationSaverTests : IAsyncDisposable
{
    private static readonly string A = ModelFixture.Text('a');

    private ModelFixture _model = new(o => o with { KvMaxSnapshots = 1 });

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    [Fact]
    public async Task Save_SlotCannotBeBorrowed_NothingIsEvicted()
    {
        // Fault 5: room was made before it was known that the save can happen, and a snapshot was lost for nothing.
        await _model.StartAsync();
        _model.AddSnapshot(ModelFixture.Text('s'));
        var placement = await _model.RunAsync(A);
        var content = _model.Table.ContentOf(placement.Slot!.Value)!;
        using var prompt = TestPrompts.Of(A + "more");
        var again = await _model.PlaceAsync(prompt).DefaultTimeout();
        Assert.Equal(placement.Slot, again.Slot);

        Assert.False(await _model.Instance.Saver.SaveAsync(placement.Slot.Value, content, "test", default).DefaultTimeout());

        Assert.Single(_model.Store.All);
        Assert.Equal(0, _model.Api.Count("save"));
        await _model.FinishAsync(again, A, cached: 900);
    }

    [Fact]
    public async Task Save_SlotIsFree_MakesRoomAndSaves()
    {
        await _model.StartAsync();
        var old = _model.AddSnapshot(ModelFixture.Text('s'));
        var placement = await _model.RunAsync(A);

        Assert.True(await SaveAsync(placement.Slot!.Value));

        Assert.DoesNotContain(old, _model.Store.All);
        Assert.Single(_model.Store.All);
        Assert.True(_model.Table.ContentOf(placement.Slot.Value) is { IsSaved: true });
        Assert.False(_model.Instance.Saver.HasDue);
    }

    [Fact]
    public async Task Save_ServerHeldSomethingElse_TheSlotIsUnknown()
    {
        await _model.StartAsync();
        var placement = await _model.RunAsync(A);
        _model.Api.Set(placement.Slot!.Value, 5);

        Assert.False(await SaveAsync(placement.Slot.Value));

        Assert.Empty(_model.Store.All);
        Assert.Null(_model.Table.ContentOf(placement.Slot.Value));
        await _model.Store.WhenDiscarded().DefaultTimeout(); // freeing the file borrows a slot for a moment
        _model.AssertNothingIsOwned();
    }

    [Fact]
    public async Task SaveAll_UsersWait_GivesWay()
    {
        await _model.StartAsync();
        await _model.RunAsync(A);
        var leases = new List<Lease>();
        for (var i = 0; i < 2; i++)
            leases.Add((await _model.Queue.AcquireAsync(new(Lane.Interactive, 1), default).DefaultTimeout()).Lease!);
        var waiting = _model.Queue.AcquireAsync(new(Lane.Interactive, 1), default).AsTask();

        await _model.Instance.Saver.SaveAllAsync("test", TimeSpan.Zero, goesFirst: false, default).DefaultTimeout();
        Assert.Equal(0, _model.Api.Count("save"));
        await _model.Instance.Saver.SaveAllAsync("test", TimeSpan.Zero, goesFirst: true, default).DefaultTimeout();
        Assert.Equal(1, _model.Api.Count("save"));

        leases.ForEach(lease => lease.Release());
        (await waiting.DefaultTimeout()).Lease!.Release();
    }

    [Fact]
    public async Task SaveAll_NotIdleForLongEnough_Waits()
    {
        await _model.StartAsync();
        await _model.RunAsync(A);

        await _model.Instance.Saver.SaveAllAsync("test", TimeSpan.FromSeconds(5), goesFirst: false, default).DefaultTimeout();
        Assert.Equal(0, _model.Api.Count("save"));
        _model.Clock.Advance(TimeSpan.FromSeconds(5));
        await _model.Instance.Saver.SaveAllAsync("test", TimeSpan.FromSeconds(5), goesFirst: false, default).DefaultTimeout();
        Assert.Equal(1, _model.Api.Count("save"));
    }

    [Fact]
    public async Task SaveThenRelease_CatchingUpThrows_TheLeaseIsReleased()
    {
        // Fault 10: the lease was lost, and with it a slot for every user.
        await _model.StartAsync();
        var lease = (await _model.Queue.AcquireAsync(new(Lane.Interactive, 1), default).DefaultTimeout()).Lease!;
        var placement = await _model.PlaceAsync(null).DefaultTimeout();
        var outcome = new WorkOutcome(IsComplete: true, IsStreaming: true, new PromptTimings(0, 9, 0), 1);
        await _model.Instance.SettleAsync(placement, outcome).DefaultTimeout();
        Assert.True(_model.Table.HasUnseenResults);
        _model.Api.OnSlots = static _ => throw new InvalidOperationException("test");

        await _model.Instance.Saver.SaveThenReleaseAsync(lease).DefaultTimeout();

        Assert.Equal(0, _model.Queue.View.Used);
    }

    [Fact]
    public async Task Return_OneSlot_SavesBeforeTheLeaseIsFree()
    {
        await _model.DisposeAsync();
        _model = new ModelFixture(slots: 1);
        await _model.StartAsync();
        var saving = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var saved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _model.Api.OnSave = async (_, _) =>
        {
            saving.SetResult();
            await saved.Task;
            return null;
        };
        var lease = (await _model.Queue.AcquireAsync(new(Lane.Interactive, 1), default).DefaultTimeout()).Lease!;
        await _model.RunAsync(A);

        _model.Instance.Return(lease);
        await saving.Task.DefaultTimeout();
        Assert.Equal(1, _model.Queue.View.Used);
        saved.SetResult();

        (await _model.Queue.AcquireAsync(new(Lane.Interactive, 1), default).DefaultTimeout()).Lease!.Release();
        Assert.Single(_model.Store.All);
    }

    private Task<bool> SaveAsync(int slot) =>
        _model.Instance.Saver.SaveAsync(slot, _model.Table.ContentOf(slot)!, "test", default).DefaultTimeout();
}
