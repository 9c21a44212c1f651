using Microsoft.Extensions.Time.Testing;

namespace Bioproxy.Doubles;

/// <summary>
/// The fake clock for tests that have to know which timers are armed: before they advance it, and to see that none was left behind.
/// </summary>
internal sealed class TestClock : FakeTimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<WatchedTimer> _armed = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiters = [];
    private long _created;

    /// <summary>Timers that are going to fire.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_lock)
                return Waiting_NeedsLock();
        }
    }

    /// <summary>How far the clock has to move for the next timer to fire; null when none will.</summary>
    public TimeSpan? UntilNext
    {
        get
        {
            lock (_lock)
                return _armed.Min(timer => timer.Due) - GetUtcNow();
        }
    }

    /// <summary>Completes when <paramref name="count"/> timers are armed: the code under test waits for the clock.</summary>
    public Task WhenTimersAsync(int count)
    {
        lock (_lock)
        {
            if (Waiting_NeedsLock() >= count)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, reached));
            return reached.Task;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new WatchedTimer(this, callback, state, Interlocked.Increment(ref _created));
        timer.Inner = base.CreateTimer(
            static clock => ((TestClock)clock!).FireDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock and stops at every due timer on the way, so that each callback sees the time it was due.</summary>
    public void AdvanceStepByStep(TimeSpan by)
    {
        var end = GetUtcNow() + by;
        while (UntilNext is { } next && GetUtcNow() + next <= end)
            Advance(Forward(next));
        Advance(Forward(end - GetUtcNow()));

        static TimeSpan Forward(TimeSpan by) => by > TimeSpan.Zero ? by : TimeSpan.Zero; // another thread may have moved it meanwhile
    }

    /// <summary>
    /// Fires timers in the order they are due, and the older one first at the same instant, which the package leaves open.
    /// </summary>
    private void FireDue()
    {
        while (NextDue() is { } timer)
            timer.Callback(timer.State);
    }

    private WatchedTimer? NextDue()
    {
        lock (_lock)
        {
            var now = GetUtcNow();
            var timer = _armed.Where(armed => armed.Due <= now).OrderBy(armed => armed.Due).ThenBy(armed => armed.Number).FirstOrDefault();
            if (timer is not null)
                Arm(timer, timer.Period > TimeSpan.Zero ? timer.Due + timer.Period : null);
            return timer;
        }
    }

    private void Arm(WatchedTimer timer, DateTimeOffset? due)
    {
        lock (_lock)
        {
            _armed.Remove(timer);
            timer.Due = due;
            if (due is not null)
                _armed.Add(timer);
            var waiting = Waiting_NeedsLock();
            foreach (var (_, reached) in _waiters.Where(waiter => waiter.Count <= waiting))
                reached.TrySetResult();
            _waiters.RemoveAll(waiter => waiter.Count <= waiting);
        }
    }

    /// <summary>One that is due is about to fire: whoever armed it does not wait for the clock any more.</summary>
    private int Waiting_NeedsLock()
    {
        var now = GetUtcNow();
        return _armed.Count(timer => timer.Due > now);
    }

    private sealed class WatchedTimer(TestClock clock, TimerCallback callback, object? state, long number) : ITimer
    {
        public TimerCallback Callback => callback;

        public object? State => state;

        public long Number => number;

        public ITimer Inner { get; set; } = null!;

        public DateTimeOffset? Due { get; set; }

        public TimeSpan Period { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Period = period;
            clock.Arm(this, dueTime < TimeSpan.Zero ? null : clock.GetUtcNow() + dueTime);
            var isChanged = Inner.Change(dueTime, period);
            clock.FireDue(); // if the clock was moved between these two lines, the inner timer is late
            return isChanged;
        }

        public void Dispose()
        {
            Inner.Dispose();
            clock.Arm(this, null);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
