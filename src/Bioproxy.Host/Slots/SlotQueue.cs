namespace Bioproxy.Host.Slots;

/// <summary>
/// The gate before the backend's slots. Invariants, all under one lock: the weights of granted leases never exceed the
/// capacity (unless the capacity shrank under them); within a lane grants are first in, first out; a warm-up is granted only
/// while no user waits or is served; a waiter is either in its list or decided, never both, so a cancelled or timed-out waiter
/// never holds a lease and no lease is lost. Callbacks (completions, pre-emption) run after the lock is left.
/// </summary>
internal sealed class SlotQueue
{
    private readonly TimeProvider _time;
    private readonly int _maxLength;
    private readonly TimeSpan _maxWait;
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _interactive = new();
    private readonly LinkedList<Waiter> _warmUp = new();
    private readonly HashSet<Lease> _activeWarmUps = [];
    private int _capacity;
    private int _used;
    private int _interactiveActive;
    private long _grants;

    /// <param name="time">The clock of waiting times.</param>
    /// <param name="capacity">Slots at first; see <see cref="SetCapacity"/>.</param>
    /// <param name="maxLength">Waiting interactive requests beyond this are refused.</param>
    /// <param name="maxWait">Interactive requests that waited this long are refused.</param>
    public SlotQueue(TimeProvider time, int capacity, int maxLength, TimeSpan maxWait)
    {
        _time = time;
        _capacity = capacity;
        _maxLength = maxLength;
        _maxWait = maxWait;
    }

    public QueueView View
    {
        get
        {
            lock (_lock)
                return new(_capacity, _used, _interactive.Count, _warmUp.Count, _interactiveActive, _activeWarmUps.Count);
        }
    }

    /// <summary>The backend's number of slots changed. Leases beyond a smaller number run to their end.</summary>
    public void SetCapacity(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        List<Waiter>? granted;
        lock (_lock)
        {
            _capacity = capacity;
            granted = Grant_NeedsLock();
        }

        Complete(granted);
    }

    /// <summary>Waits for a turn.</summary>
    /// <param name="lane">Who asks. Warm-up waits without limits of length and time.</param>
    /// <param name="weight">How many slots the work occupies at once; more than there are counts as all.</param>
    /// <param name="cancellationToken">The client left: it leaves the queue at once.</param>
    public ValueTask<QueueGrant> AcquireAsync(Lane lane, int weight, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter;
        Lease? lease = null;
        Lease[] preempted = [];
        lock (_lock)
        {
            if (lane == Lane.Interactive && _activeWarmUps.Count > 0)
                preempted = [.. _activeWarmUps];
            if (MayStart_NeedsLock(lane, weight) && (lane == Lane.Interactive ? _interactive : _warmUp).Count == 0)
            {
                lease = Start_NeedsLock(lane, weight);
                waiter = null!;
            }
            else if (lane == Lane.Interactive && _interactive.Count >= _maxLength)
            {
                return new(new QueueGrant(null, QueueRefusal.Full, TimeSpan.Zero, RetryAfter_NeedsLock()));
            }
            else
            {
                waiter = new Waiter(this, lane, weight, _time.GetTimestamp());
                waiter.Node = (lane == Lane.Interactive ? _interactive : _warmUp).AddLast(waiter);
            }
        }

        foreach (var warmUp in preempted)
            warmUp.Preempt();
        return lease is not null ? new(new QueueGrant(lease, QueueRefusal.None, TimeSpan.Zero, TimeSpan.Zero)) : WaitAsync(waiter, cancellationToken);
    }

    internal void Return(Lease lease)
    {
        List<Waiter>? granted;
        lock (_lock)
        {
            _used -= lease.Weight;
            if (lease.Lane == Lane.Interactive)
                _interactiveActive--;
            else
                _activeWarmUps.Remove(lease);
            granted = Grant_NeedsLock();
        }

        Complete(granted);
    }

    private async ValueTask<QueueGrant> WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        using var leaving = cancellationToken.UnsafeRegister(static (state, token) => ((Waiter)state!).Abandon(token), waiter);
        using var timer = waiter.Lane == Lane.Interactive
            ? _time.CreateTimer(static state => ((Waiter)state!).TimeOut(), waiter, _maxWait, Timeout.InfiniteTimeSpan)
            : null;
        var lease = await waiter.Granted.Task.ConfigureAwait(false);
        var waited = _time.GetElapsedTime(waiter.Since);
        if (lease is not null)
            return new(lease, QueueRefusal.None, waited, TimeSpan.Zero);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
            return new(null, QueueRefusal.TimedOut, waited, RetryAfter_NeedsLock());
    }

    /// <summary>Decides, under the lock, whether a waiter that wants to go is still waiting; if so it is out.</summary>
    private bool Leave(Waiter waiter)
    {
        List<Waiter>? granted;
        lock (_lock)
        {
            if (waiter.Node is not { } node)
                return false;
            node.List!.Remove(node);
            waiter.Node = null;
            granted = Grant_NeedsLock(); // it may have stood, with a large weight, before others
        }

        Complete(granted);
        return true;
    }

    private bool MayStart_NeedsLock(Lane lane, int weight)
    {
        if (lane == Lane.WarmUp && (_interactiveActive > 0 || _interactive.Count > 0))
            return false;
        return _used + Math.Min(weight, _capacity) <= _capacity;
    }

    private Lease Start_NeedsLock(Lane lane, int weight)
    {
        var lease = new Lease(this, lane, Math.Min(weight, _capacity), ++_grants);
        _used += lease.Weight;
        if (lane == Lane.Interactive)
            _interactiveActive++;
        else
            _activeWarmUps.Add(lease);
        return lease;
    }

    private List<Waiter>? Grant_NeedsLock()
    {
        List<Waiter>? granted = null;
        while (true)
        {
            var waiter = _interactive.First?.Value ?? _warmUp.First?.Value;
            if (waiter is null || !MayStart_NeedsLock(waiter.Lane, waiter.Weight))
                return granted;
            waiter.Node!.List!.Remove(waiter.Node);
            waiter.Node = null;
            waiter.Lease = Start_NeedsLock(waiter.Lane, waiter.Weight);
            (granted ??= []).Add(waiter);
        }
    }

    private static void Complete(List<Waiter>? granted)
    {
        if (granted is null)
            return;
        foreach (var waiter in granted)
            waiter.Granted.TrySetResult(waiter.Lease);
    }

    /// <summary>A guess a client can use: one second for every round of the waiting ones over the slots.</summary>
    private TimeSpan RetryAfter_NeedsLock() => TimeSpan.FromSeconds(Math.Clamp(1 + (_interactive.Count / _capacity), 1, 60));

    private sealed class Waiter(SlotQueue queue, Lane lane, int weight, long since)
    {
        public Lane Lane { get; } = lane;

        public int Weight { get; } = weight;

        public long Since { get; } = since;

        /// <summary>The place in the lane's list; null once decided. Guarded by the queue's lock.</summary>
        public LinkedListNode<Waiter>? Node { get; set; }

        public Lease? Lease { get; set; }

        public TaskCompletionSource<Lease?> Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Abandon(CancellationToken token)
        {
            if (queue.Leave(this))
                Granted.TrySetCanceled(token);
        }

        public void TimeOut()
        {
            if (queue.Leave(this))
                Granted.TrySetResult(null);
        }
    }
}
