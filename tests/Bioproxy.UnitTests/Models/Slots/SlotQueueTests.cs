using Bioproxy.Doubles;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Models.Slots;

public sealed class SlotQueueTests
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(30);

    private readonly TestClock _time = new();

    [Fact]
    public void Acquire_SlotFree_IsGrantedBeforeItReturns()
    {
        var queue = Queue(capacity: 2);

        var grant = queue.AcquireAsync(new(Lane.Interactive, 1), default);

        Assert.True(grant.IsCompletedSuccessfully);
        Assert.Equal(new QueueView(2, 1, 0, 0, 0, 1, 0, 0), queue.View);
    }

    [Fact]
    public async Task Acquire_AllBusy_GrantedInOrderOfArrivalWithTheTimeWaited()
    {
        var queue = Queue(capacity: 1);
        var held = await LeaseAsync(queue);
        var first = Wait(queue);
        _time.Advance(TimeSpan.FromSeconds(2));
        var second = Wait(queue);
        _time.Advance(TimeSpan.FromSeconds(3));

        held.Release();
        var firstGrant = await first.DefaultTimeout();
        Assert.False(second.IsCompleted);
        firstGrant.Lease!.Release();
        var secondGrant = await second.DefaultTimeout();

        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(3)), (firstGrant.Waited, secondGrant.Waited));
        Assert.Equal([1, 2, 3], new[] { held.Number, firstGrant.Lease!.Number, secondGrant.Lease!.Number });
    }

    [Fact]
    public async Task Acquire_HeavyWorkAtTheHead_IsNotOvertakenByLightWork()
    {
        var queue = Queue(capacity: 2);
        var held = await LeaseAsync(queue);
        var heavy = Wait(queue, weight: 2);
        var light = Wait(queue);
        Assert.Equal((1, 2), (queue.View.Used, queue.View.InteractiveWaiting));

        held.Release();
        var lease = (await heavy.DefaultTimeout()).Lease!;
        Assert.Equal((2, 1), (queue.View.Used, queue.View.InteractiveWaiting));
        Assert.False(light.IsCompleted);
        lease.Release();

        Assert.NotNull((await light.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task Acquire_WeightBeyondTheCapacity_CountsAsAllSlots()
    {
        var queue = Queue(capacity: 3);

        var lease = await LeaseAsync(queue, weight: 7);

        Assert.Equal((3, 3), (lease.Weight, queue.View.Used));
        lease.Release();
        Assert.Equal(0, queue.View.Used);
    }

    [Fact]
    public async Task Acquire_HeavyHeadLeaves_TheOnesBehindItGo()
    {
        var queue = Queue(capacity: 2);
        await LeaseAsync(queue);
        using var leaving = new CancellationTokenSource();
        var heavy = Wait(queue, weight: 2, cancellationToken: leaving.Token);
        var light = Wait(queue);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => heavy.DefaultTimeout());
        Assert.NotNull((await light.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task WarmUp_UserServed_WaitsThoughASlotIsFree()
    {
        var queue = Queue(capacity: 4);
        var user = await LeaseAsync(queue);
        var warmUp = Wait(queue, Lane.WarmUp);
        Assert.Equal(1, queue.View.WarmUpWaiting);

        user.Release();

        var lease = (await warmUp.DefaultTimeout()).Lease!;
        Assert.Equal(Lane.WarmUp, lease.Lane);
        Assert.False(lease.Preempted.IsCancellationRequested);
    }

    [Fact]
    public async Task WarmUp_UsersArriveLater_GoFirst()
    {
        var queue = Queue(capacity: 1);
        var user = await LeaseAsync(queue);
        var warmUp = Wait(queue, Lane.WarmUp);
        var later = Wait(queue);

        user.Release();
        var lease = (await later.DefaultTimeout()).Lease!;
        Assert.False(warmUp.IsCompleted);
        lease.Release();

        Assert.NotNull((await warmUp.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task WarmUp_Several_AreFirstInFirstOut()
    {
        var queue = Queue(capacity: 1);
        var first = await LeaseAsync(queue, lane: Lane.WarmUp);
        var second = Wait(queue, Lane.WarmUp);
        var third = Wait(queue, Lane.WarmUp);

        first.Release();
        var lease = (await second.DefaultTimeout()).Lease!;
        Assert.False(third.IsCompleted);
        lease.Release();
        await third.DefaultTimeout();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Preempt_UserArrives_EveryRunningWarmUpIsAsked(int capacity)
    {
        var queue = Queue(capacity);
        var warmUps = new List<Lease>();
        for (var i = 0; i < capacity; i++)
            warmUps.Add(await LeaseAsync(queue, lane: Lane.WarmUp));

        var user = Wait(queue);

        Assert.All(warmUps, w => Assert.True(w.Preempted.IsCancellationRequested));
        Assert.False(user.IsCompleted);
        warmUps[0].Release();
        Assert.NotNull((await user.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task Preempt_SlotIsStillFree_WarmUpIsAskedAllTheSame()
    {
        var queue = Queue(capacity: 2);
        var warmUp = await LeaseAsync(queue, lane: Lane.WarmUp);

        await LeaseAsync(queue);

        Assert.True(warmUp.Preempted.IsCancellationRequested);
    }

    [Fact]
    public async Task Preempt_Callback_MayUseTheQueue()
    {
        var queue = Queue(capacity: 1);
        var warmUp = await LeaseAsync(queue, lane: Lane.WarmUp);
        QueueView? seen = null;
        using var registration = warmUp.Preempted.Register(() =>
        {
            seen = Task.Run(() => queue.View).DefaultTimeout().GetAwaiter().GetResult();
            warmUp.Release();
        });

        var user = await queue.AcquireAsync(new(Lane.Interactive, 1), default).DefaultTimeout();

        Assert.Equal(1, seen?.InteractiveWaiting);
        Assert.NotNull(user.Lease);
    }

    /// <summary>The thread of the one who asks is a user's request, which has its lease already or is in the queue.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Preempt_CallbackBlocks_TheRequestIsNotHeldUp(int capacity)
    {
        var queue = Queue(capacity);
        var warmUp = await LeaseAsync(queue, lane: Lane.WarmUp);
        using var mayEnd = new ManualResetEventSlim();
        var thread = 0;
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = warmUp.Preempted.Register(() =>
        {
            thread = Environment.CurrentManagedThreadId;
            mayEnd.Wait();
            called.SetResult();
        });

        var asking = Task.Factory.StartNew(
            () => (Environment.CurrentManagedThreadId, queue.AcquireAsync(new(Lane.Interactive, 1), default).AsTask()),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            var (asker, grant) = await asking.DefaultTimeout();
            Assert.Equal(capacity == 2, grant.IsCompleted);
            mayEnd.Set();
            await called.Task.DefaultTimeout();
            Assert.NotEqual(asker, thread);
            warmUp.Release();
            Assert.NotNull((await grant.DefaultTimeout()).Lease);
        }
        finally
        {
            mayEnd.Set();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Preempt_CallbackThrows_NoLeaseIsLost(int capacity)
    {
        var queue = Queue(capacity);
        var warmUp = await LeaseAsync(queue, lane: Lane.WarmUp);
        using var registration = warmUp.Preempted.Register(static () => throw new InvalidOperationException("the holder's fault"));

        var asked = queue.AcquireAsync(new(Lane.Interactive, 1), default).AsTask();
        warmUp.Release();
        var grant = await asked.DefaultTimeout();

        grant.Lease!.Release();
        Assert.Equal(0, queue.View.Used);
    }

    [Fact]
    public async Task Preempt_InteractiveLease_IsNeverAsked()
    {
        var queue = Queue(capacity: 1);
        var user = await LeaseAsync(queue);
        _ = Wait(queue);

        Assert.False(user.Preempted.CanBeCanceled);
    }

    [Fact]
    public async Task Cancel_Waiting_LeavesTheQueueAtOnce()
    {
        var queue = Queue(capacity: 1);
        var held = await LeaseAsync(queue);
        using var leaving = new CancellationTokenSource();
        var gone = Wait(queue, cancellationToken: leaving.Token);
        var next = Wait(queue);

        await leaving.CancelAsync();

        Assert.Equal(1, queue.View.InteractiveWaiting);
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone.DefaultTimeout());
        Assert.Equal(leaving.Token, thrown.CancellationToken);
        held.Release();
        Assert.NotNull((await next.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task Cancel_BeforeAsking_TakesNothing()
    {
        var queue = Queue(capacity: 1);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            queue.AcquireAsync(new(Lane.Interactive, 1), new CancellationToken(true)).DefaultTimeout());

        Assert.Equal(new QueueView(1, 0, 0, 0, 0, 0, 0, 0), queue.View);
    }

    [Fact]
    public async Task Cancel_AfterTheGrant_TheLeaseArrivesAndCanBeReleased()
    {
        var queue = Queue(capacity: 1);
        var held = await LeaseAsync(queue);
        using var leaving = new CancellationTokenSource();
        var waiting = Wait(queue, cancellationToken: leaving.Token);

        held.Release();
        await leaving.CancelAsync();

        (await waiting.DefaultTimeout()).Lease!.Release();
        Assert.Equal(0, queue.View.Used);
    }

    [Fact]
    public async Task TimeOut_WaitedAsLongAsItMay_IsRefusedAndOutOfTheQueue()
    {
        var queue = Queue(capacity: 1);
        await LeaseAsync(queue);
        var waiting = Wait(queue);
        _time.Advance(MaxWait - TimeSpan.FromTicks(1));
        Assert.Equal(1, queue.View.InteractiveWaiting);

        _time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(0, queue.View.InteractiveWaiting);
        Assert.Equal(new QueueGrant(null, QueueRefusal.TimedOut, MaxWait, TimeSpan.FromSeconds(1)), await waiting.DefaultTimeout());
    }

    [Fact]
    public async Task TimeOut_WarmUp_WaitsForEver()
    {
        var queue = Queue(capacity: 1);
        var held = await LeaseAsync(queue);
        var warmUp = Wait(queue, Lane.WarmUp);

        _time.Advance(100 * MaxWait);

        Assert.Equal(1, queue.View.WarmUpWaiting);
        held.Release();
        Assert.NotNull((await warmUp.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task TimeOut_AfterTheGrant_DoesNothing()
    {
        var queue = Queue(capacity: 1);
        var held = await LeaseAsync(queue);
        var waiting = Wait(queue);
        held.Release();
        var grant = await waiting.DefaultTimeout();

        _time.Advance(2 * MaxWait);

        Assert.Equal(1, queue.View.Used);
        Assert.Equal(0, _time.ActiveTimers);
        grant.Lease!.Release();
    }

    [Fact]
    public async Task Full_TooManyWait_IsRefusedAtOnceWithATimeToRetry()
    {
        var queue = Queue(capacity: 2, maxLength: 3);
        await LeaseAsync(queue, weight: 2);
        for (var i = 0; i < 3; i++)
            _ = Wait(queue);

        var refused = queue.AcquireAsync(new(Lane.Interactive, 1), default);

        Assert.True(refused.IsCompleted);
        Assert.Equal(new QueueGrant(null, QueueRefusal.Full, TimeSpan.Zero, TimeSpan.FromSeconds(2)), await refused);
        Assert.Equal(3, queue.View.InteractiveWaiting);
    }

    [Fact]
    public async Task Full_WarmUp_IsNotLimited()
    {
        var queue = Queue(capacity: 1, maxLength: 1);
        await LeaseAsync(queue);
        for (var i = 0; i < 10; i++)
            _ = Wait(queue, Lane.WarmUp);

        Assert.Equal(10, queue.View.WarmUpWaiting);
    }

    [Fact]
    public async Task Full_LengthZero_StillServesWhileSlotsAreFree()
    {
        var queue = Queue(capacity: 1, maxLength: 0);

        var held = await LeaseAsync(queue);
        Assert.Equal(QueueRefusal.Full, (await queue.AcquireAsync(new(Lane.Interactive, 1), default)).Refusal);
        held.Release();
        Assert.NotNull((await queue.AcquireAsync(new(Lane.Interactive, 1), default)).Lease);
    }

    [Fact]
    public async Task Release_Twice_CountsOnce()
    {
        var queue = Queue(capacity: 1);
        var lease = await LeaseAsync(queue);

        lease.Release();
        lease.Release();

        Assert.Equal(new QueueView(1, 0, 0, 0, 0, 0, 0, 0), queue.View);
    }

    [Fact]
    public async Task Capacity_Grows_WaitingOnesGo()
    {
        var queue = Queue(capacity: 1);
        await LeaseAsync(queue);
        var waiting = new[] { Wait(queue), Wait(queue), Wait(queue) };

        queue.SetCapacity(3);

        await Task.WhenAll(waiting[..2]).DefaultTimeout();
        Assert.False(waiting[2].IsCompleted);
        Assert.Equal((3, 1), (queue.View.Used, queue.View.InteractiveWaiting));
    }

    [Fact]
    public async Task Capacity_Shrinks_LeasesRunOnAndNobodyStartsBeforeThereIsRoom()
    {
        var queue = Queue(capacity: 3);
        var leases = new[] { await LeaseAsync(queue), await LeaseAsync(queue), await LeaseAsync(queue) };
        var waiting = Wait(queue);

        queue.SetCapacity(1);
        leases[0].Release();
        leases[1].Release();
        Assert.Equal((1, 1), (queue.View.Used, queue.View.InteractiveWaiting));
        leases[2].Release();

        Assert.NotNull((await waiting.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task Capacity_ShrinksBelowAWaitingWeight_ItCountsAsAllSlots()
    {
        var queue = Queue(capacity: 4);
        var held = await LeaseAsync(queue);
        var heavy = Wait(queue, weight: 4);

        queue.SetCapacity(2);
        held.Release();

        Assert.Equal(2, (await heavy.DefaultTimeout()).Lease!.Weight);
    }

    [Fact]
    public void Capacity_Zero_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => Queue(capacity: 1).SetCapacity(0));

    [Fact]
    public async Task Acquire_SlotFree_AllocatesNothingButTheLease()
    {
        var queue = Queue(capacity: 2);
        await LeaseAsync(queue, lane: Lane.Batch);
        var entry = new QueueEntry(Lane.Interactive, 1, 7, () => true);
        Lease? lease = null;

        var asked = Allocated(() =>
        {
            var grant = queue.AcquireAsync(entry, default);
            lease = grant.IsCompletedSuccessfully ? grant.Result.Lease : null;
            lease!.Release();
        });

        Assert.Equal(Allocated(() => lease = new Lease(queue, Lane.Interactive, 1, 1, 0)), asked);

        static long Allocated(Action act)
        {
            act();
            var before = GC.GetAllocatedBytesForCurrentThread();
            act();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public async Task Batch_InteractiveRequestsWait_GoesAfterTheLastOfThem()
    {
        var queue = Queue(capacity: 1);
        var held = await LeaseAsync(queue);
        var batch = Wait(queue, Lane.Batch);
        var first = Wait(queue);
        var second = Wait(queue);

        held.Release();
        (await first.DefaultTimeout()).Lease!.Release();
        var lease = (await second.DefaultTimeout()).Lease!;
        Assert.False(batch.IsCompleted);
        lease.Release();

        Assert.Equal(Lane.Batch, (await batch.DefaultTimeout()).Lease!.Lane);
    }

    [Fact]
    public async Task Batch_InteractiveRequestsAreServed_UsesTheFreeSlots()
    {
        var queue = Queue(capacity: 2);
        await LeaseAsync(queue);

        await LeaseAsync(queue, lane: Lane.Batch);

        Assert.Equal(new QueueView(2, 2, 0, 0, 0, 1, 1, 0), queue.View);
    }

    [Fact]
    public async Task Batch_HeavyInteractiveRequestDoesNotFit_IsNotPassed()
    {
        var queue = Queue(capacity: 2);
        var held = await LeaseAsync(queue);
        var heavy = Wait(queue, weight: 2);
        var batch = Wait(queue, Lane.Batch);

        held.Release();
        var lease = (await heavy.DefaultTimeout()).Lease!;
        Assert.False(batch.IsCompleted);
        lease.Release();

        Assert.NotNull((await batch.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task Batch_HeavyHeadDoesNotFit_BlocksItsLaneButNotInteractive()
    {
        var queue = Queue(capacity: 2);
        await LeaseAsync(queue);
        _ = Wait(queue, Lane.Batch, weight: 2);
        var light = Wait(queue, Lane.Batch);

        await LeaseAsync(queue);

        Assert.False(light.IsCompleted);
        Assert.Equal(new QueueView(2, 2, 0, 2, 0, 2, 0, 0), queue.View);
    }

    [Fact]
    public async Task Batch_InteractiveRequestArrives_IsNeverAskedToStop()
    {
        var queue = Queue(capacity: 1);
        var batch = await LeaseAsync(queue, lane: Lane.Batch);

        _ = Wait(queue);

        Assert.False(batch.Preempted.CanBeCanceled);
    }

    [Fact]
    public async Task Batch_Arrives_WarmUpsAreAskedToStopAndWaitForIt()
    {
        var queue = Queue(capacity: 2);
        var running = await LeaseAsync(queue, lane: Lane.WarmUp);
        var batch = await LeaseAsync(queue, lane: Lane.Batch);
        Assert.True(running.Preempted.IsCancellationRequested);
        running.Release();
        var warmUp = Wait(queue, Lane.WarmUp);

        batch.Release();

        Assert.NotNull((await warmUp.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task Batch_Waits_WarmUpsWaitLonger()
    {
        var queue = Queue(capacity: 1);
        var held = await LeaseAsync(queue);
        var warmUp = Wait(queue, Lane.WarmUp);
        var batch = Wait(queue, Lane.Batch);

        held.Release();
        var lease = (await batch.DefaultTimeout()).Lease!;
        Assert.False(warmUp.IsCompleted);
        lease.Release();

        Assert.NotNull((await warmUp.DefaultTimeout()).Lease);
    }

    [Fact]
    public async Task Batch_TooManyWait_IsRefusedByItsOwnCount()
    {
        var queue = Queue(capacity: 1, maxLength: 2);
        await LeaseAsync(queue);
        _ = Wait(queue, Lane.Batch);
        _ = Wait(queue, Lane.Batch);
        _ = Wait(queue);

        var refused = await queue.AcquireAsync(new(Lane.Batch, 1), default).DefaultTimeout();

        Assert.Equal(new QueueGrant(null, QueueRefusal.Full, TimeSpan.Zero, TimeSpan.FromSeconds(4)), refused);
        _ = Wait(queue);
        Assert.Equal(new QueueView(1, 1, 2, 2, 0, 1, 0, 0), queue.View);
    }

    [Fact]
    public async Task Batch_WaitedAsLongAsItMay_IsRefused()
    {
        var queue = Queue(capacity: 1);
        await LeaseAsync(queue);
        var waiting = Wait(queue, Lane.Batch);

        _time.Advance(MaxWait);

        Assert.Equal(QueueRefusal.TimedOut, (await waiting.DefaultTimeout()).Refusal);
        Assert.Equal(0, queue.View.BatchWaiting);
    }

    [Fact]
    public async Task Full_WarmUpRuns_IsAskedToStopForTheNextOne()
    {
        var queue = Queue(capacity: 1, maxLength: 0);
        var warmUp = await LeaseAsync(queue, lane: Lane.WarmUp);

        Assert.Equal(QueueRefusal.Full, (await queue.AcquireAsync(new(Lane.Interactive, 1), default)).Refusal);

        Assert.True(warmUp.Preempted.IsCancellationRequested);
    }

    private SlotQueue Queue(int capacity, int maxLength = 100) => new(_time, capacity, maxLength, MaxWait);

    private static Task<QueueGrant> Wait(
        SlotQueue queue, Lane lane = Lane.Interactive, int weight = 1, CancellationToken cancellationToken = default)
    {
        var task = queue.AcquireAsync(new(lane, weight), cancellationToken).AsTask();
        Assert.False(task.IsCompleted);
        return task;
    }

    private static async Task<Lease> LeaseAsync(SlotQueue queue, int weight = 1, Lane lane = Lane.Interactive)
    {
        var grant = queue.AcquireAsync(new(lane, weight), default);
        Assert.True(grant.IsCompleted);
        return (await grant).Lease!;
    }
}
