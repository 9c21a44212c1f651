namespace Bioproxy.Host.Models.Slots;

/// <summary>The right to occupy <see cref="Weight"/> of the backend's slots until <see cref="Release"/>. Which slot it is, is decided
/// when the work is placed. Releasing twice does nothing.</summary>
internal sealed class Lease
{
    private readonly SlotQueue _queue;
    private readonly CancellationTokenSource? _preempt;
    private int _released;

    internal Lease(SlotQueue queue, Lane lane, int weight, long number, long granted)
    {
        Granted = granted;
        _queue = queue;
        Lane = lane;
        Weight = weight;
        Number = number;
        _preempt = lane == Lane.WarmUp ? new CancellationTokenSource() : null;
    }

    public Lane Lane { get; }

    public int Weight { get; }

    /// <summary>The time stamp of the grant.</summary>
    public long Granted { get; }

    /// <summary>Seconds that its prompt was expected to take; 0 when that was not asked.</summary>
    public double PromptSeconds { get; init; }

    /// <summary>Counts up with every grant.</summary>
    public long Number { get; }

    /// <summary>Cancelled when a user's request arrived and this background work should make room. Never cancelled for interactive and
    /// batch leases.</summary>
    public CancellationToken Preempted => _preempt?.Token ?? CancellationToken.None;

    public void Release()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
            _queue.Return(this);
    }

    /// <summary>Asks the holder to stop. Its callbacks run on the thread pool, and their exceptions do not reach the caller: that is a
    /// user's request, which has its lease or its place in the queue already.</summary>
    internal void Preempt()
    {
        if (_preempt is { IsCancellationRequested: false } preempt)
            _ = ObserveAsync(preempt.CancelAsync());

        static async Task ObserveAsync(Task callbacks) => await callbacks.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
