namespace Bioproxy.Doubles;

/// <summary>A clock that stands still until a test moves it. Callbacks of due timers run inside <see cref="Advance"/>, in the order they are due.</summary>
internal sealed class FakeTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<Timer> _timers = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiters = [];
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long _created;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Timers that are going to fire.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_lock)
                return Active_NeedsLock();
        }
    }

    /// <summary>How far the clock has to move for the next timer to fire; null when none will.</summary>
    public TimeSpan? UntilNext
    {
        get
        {
            lock (_lock)
                return _timers.Min(t => t.Due) - _now;
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _now;
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <summary>Completes when so many timers are going to fire: somebody waits for the clock.</summary>
    public Task WhenTimersAsync(int count)
    {
        lock (_lock)
        {
            if (Active_NeedsLock() >= count)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, reached));
            return reached.Task;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state, Interlocked.Increment(ref _created));
        lock (_lock)
            _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock, stopping at every due timer on the way.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var end = GetUtcNow() + by;
        while (true)
        {
            Timer? due;
            lock (_lock)
            {
                due = _timers.Where(t => t.Due <= end).OrderBy(t => t.Due).ThenBy(t => t.Number).FirstOrDefault();
                if (due is null)
                {
                    _now = end;
                    return;
                }

                if (due.Due > _now)
                    _now = due.Due.Value;
                due.Due = due.Period > TimeSpan.Zero ? _now + due.Period : null;
            }

            due.Fire();
        }
    }

    private int Active_NeedsLock() => _timers.Count(t => t.Due is not null);

    private bool Set(Timer timer, TimeSpan dueTime, TimeSpan period)
    {
        List<TaskCompletionSource> reached;
        lock (_lock)
        {
            if (!_timers.Contains(timer))
                return false;
            timer.Due = dueTime < TimeSpan.Zero ? null : _now + dueTime;
            timer.Period = period;
            var active = Active_NeedsLock();
            reached = [.. _waiters.Where(w => w.Count <= active).Select(w => w.Reached)];
            _waiters.RemoveAll(w => w.Count <= active);
        }

        foreach (var waiter in reached)
            waiter.TrySetResult();

        // A real timer that is due at once fires on its own; nobody should have to move the clock for it.
        if (dueTime == TimeSpan.Zero)
            ThreadPool.UnsafeQueueUserWorkItem(static clock => clock.Advance(TimeSpan.Zero), this, preferLocal: false);
        return true;
    }

    private void Remove(Timer timer)
    {
        lock (_lock)
        {
            timer.Due = null;
            _timers.Remove(timer);
        }
    }

    private sealed class Timer(FakeTimeProvider clock, TimerCallback callback, object? state, long number) : ITimer
    {
        public long Number { get; } = number;

        public DateTimeOffset? Due { get; set; }

        public TimeSpan Period { get; set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period) => clock.Set(this, dueTime, period);

        public void Dispose() => clock.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
