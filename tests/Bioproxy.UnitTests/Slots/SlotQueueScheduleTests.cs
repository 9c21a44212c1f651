using System.Collections.Concurrent;
using Bioproxy.Host.Slots;
using Bioproxy.Testing;

namespace Bioproxy.UnitTests.Slots;

/// <summary>The queue under random schedules: step by step against a plain model, and under several threads with invariants.</summary>
public sealed class SlotQueueScheduleTests
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Schedule_StepByStep_IsAsTheModelSays(int seed)
    {
        var random = new Random(seed);
        var time = new FakeTimeProvider();
        const int MaxLength = 6;
        var queue = new SlotQueue(time, 2, MaxLength, MaxWait);
        var model = new QueueModel(2, MaxLength, MaxWait);
        var users = new List<User>();
        for (var step = 0; step < 3000; step++)
        {
            var before = users.Where(u => u.Entry.State == QueueModel.EntryState.Waiting).ToList();
            switch (random.Next(12))
            {
                case < 5:
                    var entry = new QueueModel.Entry(random.Next(4) == 0 ? Lane.WarmUp : Lane.Interactive, random.Next(5) == 0 ? random.Next(2, 6) : 1);
                    var user = new User(entry, queue);
                    model.Arrive(entry);
                    users.Add(user);
                    before.Add(user);
                    break;
                case < 9 when model.Active.Count > 0:
                    var active = model.Active[random.Next(model.Active.Count)];
                    users.Find(u => u.Entry == active)!.Lease!.Release();
                    model.Release(active);
                    break;
                case 9 when model.Waiting.Count > 0:
                    var waiting = model.Waiting[random.Next(model.Waiting.Count)];
                    await users.Find(u => u.Entry == waiting)!.Leaving.CancelAsync();
                    model.Cancel(waiting);
                    break;
                case 10:
                    var by = TimeSpan.FromMilliseconds(random.Next(1, 4000));
                    model.Advance(by);
                    time.Advance(by);
                    break;
                case 11 when random.Next(4) == 0:
                    var capacity = random.Next(1, 6);
                    model.SetCapacity(capacity);
                    queue.SetCapacity(capacity);
                    break;
            }

            Assert.Equal(model.View, queue.View);
            foreach (var user in before)
                await user.CheckAsync();
            Assert.All(users, u => Assert.Equal(u.Entry.IsPreempted, u.Lease?.Preempted.IsCancellationRequested ?? false));
            users.RemoveAll(u => u.Entry.State is not (QueueModel.EntryState.Waiting or QueueModel.EntryState.Active));
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public async Task Schedule_ManyThreads_KeepsItsInvariants(int seed)
    {
        const int Capacity = 3;
        var time = new FakeTimeProvider();
        var queue = new SlotQueue(time, Capacity, 40, MaxWait);
        var arrival = new Lock();
        var used = 0;
        var most = 0;
        var granted = new ConcurrentQueue<(Lane Lane, int Arrived, long Number)>();
        var running = new ConcurrentBag<Task>();
        var arrived = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(async () =>
        {
            var random = new Random((seed * 100) + thread);
            for (var i = 0; i < 1500; i++)
            {
                var lane = random.Next(5) == 0 ? Lane.WarmUp : Lane.Interactive;
                var weight = random.Next(6) == 0 ? 2 : 1;
                var leaving = new CancellationTokenSource();
                Task<QueueGrant> asked;
                int number;
                lock (arrival)
                {
                    number = arrived++;
                    asked = queue.AcquireAsync(lane, weight, leaving.Token).AsTask();
                }

                var leaves = random.Next(6) == 0;
                var work = UseAsync(asked, lane, number, random.Next(3));
                running.Add(work);
                if (leaves)
                    await leaving.CancelAsync();
                if (random.Next(50) == 0)
                    time.Advance(TimeSpan.FromSeconds(random.Next(1, 6)));
                if (random.Next(3) == 0)
                    await work.DefaultTimeout();
            }
        }))).DefaultTimeout();
        await Task.WhenAll(running).DefaultTimeout();

        Assert.InRange(most, 1, Capacity);
        Assert.Equal(new QueueView(Capacity, 0, 0, 0, 0, 0), queue.View);
        foreach (var lane in granted.GroupBy(g => g.Lane))
            Assert.Equal(lane.OrderBy(g => g.Arrived).Select(g => g.Number), lane.Select(g => g.Number).Order());
        Assert.Equal(granted.Count, granted.Select(g => g.Number).Distinct().Count());

        async Task UseAsync(Task<QueueGrant> asked, Lane lane, int number, int yields)
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
                Assert.Equal(Lane.Interactive, lane);
                return;
            }

            granted.Enqueue((lane, number, lease.Number));
            var now = Interlocked.Add(ref used, lease.Weight);
            InterlockedMax(ref most, now);
            for (var i = 0; i < yields && !lease.Preempted.IsCancellationRequested; i++)
                await Task.Yield();
            Interlocked.Add(ref used, -lease.Weight);
            lease.Release();
        }
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); seen < value;)
            seen = Interlocked.CompareExchange(ref target, value, seen);
    }

    private sealed class User
    {
        private readonly Task<QueueGrant> _asked;

        public User(QueueModel.Entry entry, SlotQueue queue)
        {
            Entry = entry;
            _asked = queue.AcquireAsync(entry.Lane, entry.Weight, Leaving.Token).AsTask();
        }

        public QueueModel.Entry Entry { get; }

        public CancellationTokenSource Leaving { get; } = new();

        public Lease? Lease { get; private set; }

        /// <summary>Its task has ended exactly if and as the model says.</summary>
        public async Task CheckAsync()
        {
            switch (Entry.State)
            {
                case QueueModel.EntryState.Waiting:
                    Assert.False(_asked.IsCompleted);
                    break;
                case QueueModel.EntryState.Active:
                    Lease = (await _asked.DefaultTimeout()).Lease;
                    Assert.Equal((Entry.Lane, Entry.Granted), (Lease!.Lane, Lease.Weight));
                    break;
                case QueueModel.EntryState.Cancelled:
                    await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _asked.DefaultTimeout());
                    break;
                case QueueModel.EntryState.TimedOut:
                    Assert.Equal(QueueRefusal.TimedOut, (await _asked.DefaultTimeout()).Refusal);
                    break;
                case QueueModel.EntryState.Full:
                    Assert.Equal(QueueRefusal.Full, (await _asked.DefaultTimeout()).Refusal);
                    break;
            }
        }
    }
}
