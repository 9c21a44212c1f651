namespace Bioproxy.Host.Threading;

/// <summary>
/// Wakes a loop before its next regular turn. Any number of <see cref="Set"/> calls before a wait count as one, and none is lost while
/// the loop is busy. There is nothing to dispose: a signal that is set after its loop has ended has no effect.
/// </summary>
internal sealed class WakeSignal
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<bool>? _waiter;
    private bool _isSet;

    /// <summary>Wakes the loop now, or makes its next wait return at once.</summary>
    public void Set()
    {
        lock (_lock)
        {
            // False when the waiter's time ran out first: it is on its way out, and the signal stays for the next wait.
            _isSet = _waiter?.TrySetResult(true) != true;
            _waiter = null;
        }
    }

    /// <summary>Waits for the signal and consumes it. Only one caller may wait at a time.</summary>
    /// <param name="due">The longest wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit, zero to only ask.</param>
    /// <param name="time">The clock that <paramref name="due"/> is measured with.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>True when signalled, false when the time ran out.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled; a pending signal stays.</exception>
    public async Task<bool> WaitAsync(TimeSpan due, TimeProvider time, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource<bool> waiter;
        lock (_lock)
        {
            if (_waiter is { Task.IsCompleted: false })
                throw new InvalidOperationException("Only one caller may wait for a wake signal.");
            if (_isSet || due == TimeSpan.Zero)
            {
                var wasSet = _isSet;
                _isSet = false;
                return wasSet;
            }

            _waiter = waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        using var cancelled = cancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource<bool>)state!).TrySetCanceled(token), waiter);
        using var timer = time.CreateTimer(
            static state => ((TaskCompletionSource<bool>)state!).TrySetResult(false), waiter, due, Timeout.InfiniteTimeSpan);
        return await waiter.Task.ConfigureAwait(false);
    }
}
