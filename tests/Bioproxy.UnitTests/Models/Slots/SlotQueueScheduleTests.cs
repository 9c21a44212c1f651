using System.Collections.Concurrent;
using Bioproxy.Doubles;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Models.Slots;

/// <summary>The queue under random schedules: step by step against a plain model, and under several threads with invariants.</summary>
public sealed class SlotQueueScheduleTests
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    /// <summary>Shorter than elsewhere: a grant to another than the model's shows as a task that does not end.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public static TheoryData<int> SomeSeeds => Seeds.Of(4, 16);

    [Theory]
    [MemberData(nameof(SomeSeeds))]
    public async Task Schedule_StepByStep_IsAsTheModelSays(int seed)
    {
        const int Arrivals = 10_000;
        const int MaxLength = 24;
        var random = new Random(seed);
        var time = new TestClock();
        var queue = new SlotQueue(time, 2, MaxLength, MaxWait);
        var model = new QueueModel(2, MaxLength, MaxWait);
        var users = new List<User>();
        var settling = new Dictionary<QueueModel.Entry, int>(); // these leases come back long after, in this step
        var outcomes = new int[Enum.GetValues<QueueModel.EntryState>().Length];
        var preempted = 0;
        var arrived = 0;
        for (var step = 0; arrived < Arrivals; step++)
        {
            var before = users.Where(u => u.Entry.State == QueueModel.EntryState.Waiting).ToList();
            var free = model.Active.Where(e => settling.GetValueOrDefault(e) <= step).ToList();
            var isBusy = step / 500 % 2 == 0;
            switch (random.Next(16))
            {
                case < 6 when isBusy || random.Next(3) == 0:
                    var lane = random.Next(6) switch { 0 => Lane.WarmUp, 1 or 2 => Lane.Batch, _ => Lane.Interactive };
                    var client = random.Next(3) == 0 ? 0ul : (ulong)random.Next(step / 1000 % 2 == 0 ? 4 : 40);
                    var weight = random.Next(5) == 0 ? random.Next(2, 6) : 1;
                    var entry = new QueueModel.Entry(lane, weight, client) { IsHot = random.Next(3) == 0 };
                    if (random.Next(12) == 0)
                        settling.Add(entry, step + random.Next(50, 300));
                    model.Arrive(entry);
                    var user = new User(entry, client, queue);
                    users.Add(user);
                    before.Add(user);
                    arrived++;
                    break;
                case < 11 when free.Count > 0:
                    var active = free[random.Next(free.Count)];
                    settling.Remove(active);
                    users.Find(u => u.Entry == active)!.Lease!.Release();
                    model.Release(active);
                    break;
                case 11 when model.Waiting.Count > 0:
                    var waiting = model.Waiting[random.Next(model.Waiting.Count)];
                    await users.Find(u => u.Entry == waiting)!.Leaving.CancelAsync();
                    model.Cancel(waiting);
                    break;
                case 12 or 13 when model.Waiting.Count > 0:
                    var changed = model.Waiting[random.Next(model.Waiting.Count)];
                    changed.IsHot = !changed.IsHot;
                    break;
                case 14:
                    var by = TimeSpan.FromMilliseconds(random.Next(1, 2000));
                    model.Advance(by);
                    time.AdvanceStepByStep(by);
                    break;
                case 15 when random.Next(4) == 0:
                    var capacity = random.Next(1, 6);
                    model.SetCapacity(capacity);
                    queue.SetCapacity(capacity);
                    break;
            }

            Assert.Equal(model.View, queue.View);
            foreach (var user in before)
                await user.CheckAsync();
            Assert.All(users, u => Assert.Equal(u.Entry.IsPreempted, u.Lease?.Preempted.IsCancellationRequested ?? false));
            Assert.All(users, u => Assert.False(u.WasAskedOnceDecided));
            Assert.All(users, u => Assert.InRange(u.Entry.Passed, 0, 3));
            foreach (var gone in users.Where(u => u.Entry.State is not (QueueModel.EntryState.Waiting or QueueModel.EntryState.Active)))
            {
                outcomes[(int)gone.Entry.State]++;
                preempted += gone.Entry.IsPreempted ? 1 : 0;
            }

            users.RemoveAll(u => u.Entry.State is not (QueueModel.EntryState.Waiting or QueueModel.EntryState.Active));
        }

        // The schedule came by everything it is meant to try.
        Assert.All(outcomes[(int)QueueModel.EntryState.Released..], count => Assert.InRange(count, 100, Arrivals));
        Assert.InRange(preempted, 50, Arrivals);
        Assert.InRange(model.Overtakings, 500, Arrivals);
        Assert.InRange(model.Barred, 50, Arrivals);
    }

    [Theory]
    [InlineData(11, false)]
    [InlineData(12, false)]
    [InlineData(13, false)]
    [InlineData(14, true)]
    [InlineData(15, true)]
    public async Task Schedule_ManyThreads_KeepsItsInvariants(int seed, bool areSomeHot)
    {
        const int Capacity = 3;
        var time = new TestClock();
        var queue = new SlotQueue(time, Capacity, 40, MaxWait);
        var arrival = new Lock();
        var used = 0;
        var most = 0;
        var granted = new ConcurrentQueue<(Lane Lane, ulong Client, int Arrived, long Number)>();
        var running = new ConcurrentBag<Task>();
        var arrived = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(async () =>
        {
            var random = new Random((seed * 100) + thread);
            for (var i = 0; i < 1500; i++)
            {
                var lane = random.Next(5) switch { 0 => Lane.WarmUp, 1 => Lane.Batch, _ => Lane.Interactive };
                var client = lane == Lane.WarmUp ? 0 : (ulong)random.Next(4);
                var weight = random.Next(6) == 0 ? 2 : 1;
                var leaving = new CancellationTokenSource();
                Task<QueueGrant> asked;
                int number;
                lock (arrival)
                {
                    number = arrived++;
                    asked = queue.AcquireAsync(
                        new(lane, weight, client, areSomeHot && number % 3 == 0 ? () => true : null), leaving.Token).AsTask();
                }

                var leaves = random.Next(6) == 0;
                var work = UseAsync(asked, lane, client, number, random.Next(3));
                running.Add(work);
                if (leaves)
                    await leaving.CancelAsync();
                if (random.Next(50) == 0)
                    time.AdvanceStepByStep(TimeSpan.FromSeconds(random.Next(1, 6)));
                if (random.Next(3) == 0)
                    await work.DefaultTimeout();
            }
        }))).DefaultTimeout();
        await Task.WhenAll(running).DefaultTimeout();

        Assert.InRange(most, 1, Capacity);
        Assert.Equal(new QueueView(Capacity, 0, 0, 0, 0, 0, 0, 0), queue.View);
        foreach (var line in granted.GroupBy(g => (g.Lane, g.Client)).Where(l => !areSomeHot || l.Key.Lane == Lane.WarmUp))
            Assert.Equal(line.OrderBy(g => g.Arrived).Select(g => g.Number), line.Select(g => g.Number).Order());
        Assert.Equal(granted.Count, granted.Select(g => g.Number).Distinct().Count());

        async Task UseAsync(Task<QueueGrant> asked, Lane lane, ulong client, int number, int yields)
        {
            QueueGrant grant;
            try
            {
                grant = await asked;
            }
            catch (OperationCanceledException)
            {
                return;
            }

            if (grant.Lease is not { } lease)
            {
                Assert.NotEqual(Lane.WarmUp, lane);
                return;
            }

            granted.Enqueue((lane, client, number, lease.Number));
            var now = Interlocked.Add(ref used, lease.Weight);
            InterlockedMax(ref most, now);
            for (var i = 0; i < yields && !lease.Preempted.IsCancellationRequested; i++)
                await Task.Yield();
            Interlocked.Add(ref used, -lease.Weight);
            lease.Release();
        }
    }

    /// <summary>A grant, the time-out and the client's leaving meet: the waiter has a lease, or it left none behind. In every other round
    /// the seed decides which of them comes first, and that one wins; in the rest they race, and any of them may.</summary>
    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public async Task Schedule_GrantTimeOutAndCancelAtOnce_NoLeaseIsLost(int seed)
    {
        const int Rounds = 700;
        var random = new Random(seed);
        var time = new FakeTimeProvider();
        var queue = new SlotQueue(time, 1, 4, MaxWait);
        using var barrier = new Barrier(3);
        for (var round = 0; round < Rounds; round++)
        {
            var held = (await queue.AcquireAsync(new(Lane.Interactive, 1), default)).Lease!;
            using var leaving = new CancellationTokenSource();
            var asked = queue.AcquireAsync(new(Lane.Interactive, 1, 1), leaving.Token).AsTask();
            (Outcome Outcome, Action Act)[] actions =
            [
                (Outcome.Granted, held.Release), (Outcome.TimedOut, () => time.Advance(MaxWait)), (Outcome.Left, leaving.Cancel),
            ];
            random.Shuffle(actions);
            var isRace = round % 2 == 0;
            if (isRace)
            {
                await Task.WhenAll(actions.Select(action => Race(random.Next(200), action.Act))).DefaultTimeout();
            }
            else
            {
                actions[0].Act();
                await Task.WhenAny(asked).DefaultTimeout();
                actions[1].Act();
                actions[2].Act();
            }

            var outcome = await OutcomeOfAsync(asked);
            Assert.True(isRace || outcome == actions[0].Outcome, $"{outcome} in round {round}, where {actions[0].Outcome} came first");
            Assert.Equal(new QueueView(1, 0, 0, 0, 0, 0, 0, 0), queue.View);
        }

        async Task<Outcome> OutcomeOfAsync(Task<QueueGrant> asked)
        {
            try
            {
                var grant = await asked.DefaultTimeout();
                Assert.Equal(grant.Lease is null ? 0 : 1, queue.View.Used);
                Assert.Equal(grant.Lease is null ? QueueRefusal.TimedOut : QueueRefusal.None, grant.Refusal);
                grant.Lease?.Release();
                return grant.Lease is null ? Outcome.TimedOut : Outcome.Granted;
            }
            catch (OperationCanceledException)
            {
                return Outcome.Left;
            }
        }

        Task Race(int delay, Action action) => Task.Factory.StartNew(
            () =>
            {
                Assert.True(barrier.SignalAndWait(TimeSpan.FromSeconds(30)));
                Thread.SpinWait(delay);
                action();
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private enum Outcome
    {
        Granted,
        TimedOut,
        Left,
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); seen < value;)
            seen = Interlocked.CompareExchange(ref target, value, seen);
    }

    private sealed class User
    {
        private readonly Task<QueueGrant>? _asked;

        public User(QueueModel.Entry entry, ulong client, SlotQueue queue)
        {
            Entry = entry;
            _asked = queue.AcquireAsync(new(entry.Lane, entry.Weight, client, IsHot), Leaving.Token).AsTask();
        }

        public QueueModel.Entry Entry { get; }

        public CancellationTokenSource Leaving { get; } = new();

        public Lease? Lease { get; private set; }

        public bool WasAskedOnceDecided { get; private set; }

        /// <summary>Its task has ended exactly if and as the model says.</summary>
        public async Task CheckAsync()
        {
            switch (Entry.State)
            {
                case QueueModel.EntryState.Waiting:
                    Assert.False(_asked!.IsCompleted);
                    break;
                case QueueModel.EntryState.Active:
                    Lease = (await _asked!.WaitAsync(Limit)).Lease;
                    Assert.Equal((Entry.Lane, Entry.Granted, Entry.Number), (Lease!.Lane, Lease.Weight, Lease.Number));
                    break;
                case QueueModel.EntryState.Cancelled:
                    await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _asked!.WaitAsync(Limit));
                    break;
                case QueueModel.EntryState.TimedOut:
                    Assert.Equal(QueueRefusal.TimedOut, (await _asked!.WaitAsync(Limit)).Refusal);
                    break;
                case QueueModel.EntryState.Full:
                    Assert.Equal(QueueRefusal.Full, (await _asked!.WaitAsync(Limit)).Refusal);
                    break;
            }
        }

        private bool IsHot()
        {
            WasAskedOnceDecided |= _asked?.IsCompleted ?? false;
            return Entry.IsHot;
        }
    }
}
