namespace Bioproxy.Host.Models.Slots;

/// <summary>The right to occupy <see cref="Weight"/> of the backend's slots until <see cref="Release"/>. Which slot it is, is decided
/// when the work is placed. Releasing twice does nothing.</summary>
internal sealed class Lease
{
    private readonly SlotQueue? _queue; // null: another proxy granted it
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

    /// <param name="remote">The turn that the owner granted.</param>
    /// <param name="lane">Its lane.</param>
    /// <param name="weight">The slots that it occupies there.</param>
    /// <param name="granted">The time stamp of the grant.</param>
    public Lease(IRemoteTurn remote, Lane lane, int weight, long granted) =>
        (Remote, Lane, Weight, Granted) = (remote, lane, weight, granted);

    /// <summary>The turn, where another proxy schedules the model.</summary>
    public IRemoteTurn? Remote { get; }

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
        if (Interlocked.Exchange(ref _released, 1) != 0)
            return;
        _queue?.Return(this);
        Remote?.End(default); // counts only where the work has not begun
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
