namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// The gate before the backend's slots. Invariants, all under one lock: the weights of granted leases never exceed the
/// capacity (unless the capacity shrank under them); a lane is granted only while nobody waits in a higher one, and a warm-up only
/// while nobody is served in a higher one either; within a lane the order is that of <see cref="ClientRing"/>: round the clients,
/// first in first out within a client, hot ones a little earlier; a waiter is either in its line or decided, never both, so a
/// cancelled or timed-out waiter never holds a lease and no lease is lost; whoever may go has gone when the lock is left.
/// Callbacks (completions, pre-emption) run after the lock is left, but for <see cref="QueueEntry.IsHot"/>, which belongs to the decision.
/// </summary>
internal sealed class SlotQueue
{
    private readonly TimeProvider _time;
    private readonly int _maxLength;
    private readonly TimeSpan _maxWait;
    private readonly Lock _lock = new();
    private readonly ClientRing[] _waiting = [new(), new(), new()]; // by lane
    private readonly int[] _active = new int[3]; // by lane
    private readonly int[] _coming = new int[3]; // weights by lane
    private readonly HashSet<Lease> _activeWarmUps = [];
    private readonly QueueLoad _load;
    private int _capacity;
    private int _used;
    private long _grants;

    /// <param name="time">The clock of waiting times.</param>
    /// <param name="capacity">Slots at first; see <see cref="SetCapacity"/>.</param>
    /// <param name="maxLength">Interactive requests beyond this many that wait are refused; batch requests likewise, counted by
    /// themselves.</param>
    /// <param name="maxWait">Interactive and batch requests that waited this long are refused.</param>
    /// <param name="answers">How long answers take on all servers.</param>
    public SlotQueue(TimeProvider time, int capacity, int maxLength, TimeSpan maxWait, AnswerTimes? answers = null)
    {
        _time = time;
        _capacity = capacity;
        _maxLength = maxLength;
        _maxWait = maxWait;
        _load = new QueueLoad(time, answers ?? new AnswerTimes());
    }

    public QueueView View
    {
        get
        {
            lock (_lock)
            {
                return new(
                    _capacity,
                    _used,
                    Waiting_NeedsLock(Lane.Interactive).Count,
                    Waiting_NeedsLock(Lane.Batch).Count,
                    Waiting_NeedsLock(Lane.WarmUp).Count,
                    _active[(int)Lane.Interactive],
                    _active[(int)Lane.Batch],
                    _active[(int)Lane.WarmUp]);
            }
        }
    }

    /// <summary>Seconds until nothing that is here now is at work any more.</summary>
    public double SecondsUntilIdle
    {
        get
        {
            lock (_lock)
            {
                var work = _load.WorkOf(Waiting_NeedsLock(Lane.Interactive)) + _load.WorkOf(Waiting_NeedsLock(Lane.Batch));
                return _load.SecondsUntilIdle(_time.GetTimestamp()) + (work / _capacity);
            }
        }
    }

    /// <summary>What a request that came now would find.</summary>
    /// <param name="lane">Its lane.</param>
    /// <param name="weight">How many slots it occupies.</param>
    public QueueOutlook Outlook(Lane lane, int weight)
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            var before = 0;
            var coming = 0;
            var work = 0.0;
            for (var higher = Lane.Interactive; higher <= lane; higher++)
            {
                before += Waiting_NeedsLock(higher).Count;
                coming += _coming[(int)higher];
                work += _load.WorkOf(Waiting_NeedsLock(higher));
            }

            work += _load.WorkOf(coming);
            var room = coming == 0 ? Room_NeedsLock() : _capacity - _used - coming;
            var hasRoom = before == 0 && (weight <= room || (_activeWarmUps.Count > 0 && coming < _capacity));
            var wait = hasRoom ? 0 : _load.SecondsUntilRoom(Math.Min(weight, _capacity), now) + (work / _capacity);
            return new QueueOutlook(wait, (_load.Busy(now) + work) / _capacity);
        }
    }

    /// <summary>A request has been sent here and does not wait yet, because its model is being prepared. Until the result is disposed,
    /// others see it coming; otherwise all that arrive meanwhile would be sent here.</summary>
    public IDisposable Announce(Lane lane, int weight)
    {
        lock (_lock)
            _coming[(int)lane] += weight;
        return new Announcement(this, lane, weight);
    }

    /// <summary>The backend's number of slots changed. Leases beyond a smaller number run to their end.</summary>
    public void SetCapacity(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        List<QueueWaiter>? granted;
        lock (_lock)
        {
            _capacity = capacity;
            granted = Grant_NeedsLock();
        }

        Complete(granted);
    }

    /// <summary>Waits for a turn.</summary>
    /// <param name="entry">Who asks for what.</param>
    /// <param name="cancellationToken">The client left: it leaves the queue at once.</param>
    public ValueTask<QueueGrant> AcquireAsync(QueueEntry entry, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var lane = entry.Lane;
        if (lane == Lane.WarmUp)
            entry = new(lane, entry.Weight);
        QueueWaiter? waiter = null;
        QueueGrant decided = default;
        Lease[] preempted = [];
        lock (_lock)
        {
            if (lane != Lane.WarmUp && _activeWarmUps.Count > 0)
                preempted = [.. _activeWarmUps];
            var waiting = Waiting_NeedsLock(lane);
            if (waiting.Count == 0 && IsOpen_NeedsLock(lane) && entry.Weight <= Room_NeedsLock())
            {
                decided = new(Start_NeedsLock(entry), QueueRefusal.None, TimeSpan.Zero, TimeSpan.Zero);
            }
            else if (lane != Lane.WarmUp && waiting.Count >= _maxLength)
            {
                decided = new(null, QueueRefusal.Full, TimeSpan.Zero, RetryAfter_NeedsLock(lane));
            }
            else
            {
                waiter = new QueueWaiter(this, entry, _time.GetTimestamp());
                waiting.Add(waiter);
            }
        }

        foreach (var warmUp in preempted)
            warmUp.Preempt(); // runs none of its holder's code here
        return waiter is null ? new(decided) : WaitAsync(waiter, cancellationToken);
    }

    /// <summary>Counts work that another queue granted, whether there is room or not.</summary>
    public Lease Adopt(Lane lane, int weight)
    {
        lock (_lock)
            return Start_NeedsLock(new(lane, weight));
    }

    internal void Return(Lease lease)
    {
        List<QueueWaiter>? granted;
        lock (_lock)
        {
            _used -= lease.Weight;
            _active[(int)lease.Lane]--;
            _load.End(lease);
            if (lease.Lane == Lane.WarmUp)
                _activeWarmUps.Remove(lease);
            granted = Grant_NeedsLock();
        }

        Complete(granted);
    }

    private async ValueTask<QueueGrant> WaitAsync(QueueWaiter waiter, CancellationToken cancellationToken)
    {
        using var leaving = cancellationToken.UnsafeRegister(static (state, token) => ((QueueWaiter)state!).Abandon(token), waiter);
        using var timer = waiter.Entry.Lane != Lane.WarmUp
            ? _time.CreateTimer(static state => ((QueueWaiter)state!).TimeOut(), waiter, _maxWait, Timeout.InfiniteTimeSpan)
            : null;
        var lease = await waiter.Granted.Task.ConfigureAwait(false);
        var waited = _time.GetElapsedTime(waiter.Since);
        if (lease is not null)
            return new(lease, QueueRefusal.None, waited, TimeSpan.Zero);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
            return new(null, QueueRefusal.TimedOut, waited, RetryAfter_NeedsLock(waiter.Entry.Lane));
    }

    /// <summary>Decides, under the lock, whether a waiter that wants to go is still waiting; if so it is out.</summary>
    internal bool Leave(QueueWaiter waiter)
    {
        List<QueueWaiter>? granted;
        lock (_lock)
        {
            if (waiter.Node is null)
                return false;
            Waiting_NeedsLock(waiter.Entry.Lane).Remove(waiter);
            granted = Grant_NeedsLock(); // it may have stood, with a large weight, before others
        }

        Complete(granted);
        return true;
    }

    private ClientRing Waiting_NeedsLock(Lane lane) => _waiting[(int)lane];

    private bool IsOpen_NeedsLock(Lane lane)
    {
        for (var higher = Lane.Interactive; higher < lane; higher++)
        {
            if (Waiting_NeedsLock(higher).Count > 0 || (lane == Lane.WarmUp && _active[(int)higher] > 0))
                return false;
        }

        return true;
    }

    /// <summary>The largest weight that fits: any into an idle backend, since more than all slots counts as all.</summary>
    private int Room_NeedsLock() => _used == 0 ? int.MaxValue : _capacity - _used;

    private Lease Start_NeedsLock(in QueueEntry entry)
    {
        var lease = new Lease(this, entry.Lane, Math.Min(entry.Weight, _capacity), ++_grants, _time.GetTimestamp())
        {
            PromptSeconds = entry.PromptSeconds,
        };
        _used += lease.Weight;
        _active[(int)lease.Lane]++;
        _load.Begin(lease);
        if (lease.Lane == Lane.WarmUp)
            _activeWarmUps.Add(lease);
        return lease;
    }

    private List<QueueWaiter>? Grant_NeedsLock()
    {
        List<QueueWaiter>? granted = null;
        for (var lane = Lane.Interactive; lane <= Lane.WarmUp && IsOpen_NeedsLock(lane); lane++)
        {
            while (Waiting_NeedsLock(lane).Take(Room_NeedsLock()) is { } waiter)
            {
                waiter.Lease = Start_NeedsLock(waiter.Entry);
                (granted ??= []).Add(waiter);
            }
        }

        return granted;
    }

    private static void Complete(List<QueueWaiter>? granted)
    {
        if (granted is null)
            return;
        foreach (var waiter in granted)
            waiter.Granted.TrySetResult(waiter.Lease);
    }

    /// <summary>A guess a client can use: one second for every round over the slots of those who wait in its lane and the higher
    /// ones.</summary>
    private TimeSpan RetryAfter_NeedsLock(Lane lane)
    {
        var waiting = 0;
        for (var higher = Lane.Interactive; higher <= lane; higher++)
            waiting += Waiting_NeedsLock(higher).Count;
        return TimeSpan.FromSeconds(Math.Clamp(1 + (waiting / _capacity), 1, 60));
    }

    private sealed class Announcement(SlotQueue queue, Lane lane, int weight) : IDisposable
    {
        private SlotQueue? _queue = queue;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _queue, null) is not { } there)
                return;
            lock (there._lock)
                there._coming[(int)lane] -= weight;
        }
    }
}
