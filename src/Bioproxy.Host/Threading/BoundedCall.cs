namespace Bioproxy.Host.Threading;

/// <summary>
/// Calls code that is not ours for a limited time. The code may block its thread, ignore its token and throw anything: the caller waits
/// no longer than the limit and gets a value. Only the caller's own token counts as the caller's cancellation.
/// </summary>
internal static class BoundedCall
{
    /// <summary>Calls code on a pool thread, so that code that blocks does not block the caller.</summary>
    /// <param name="code">The code. Its token is cancelled when the caller stops waiting.</param>
    /// <param name="limit">The longest wait; zero or less for no limit.</param>
    /// <param name="time">The clock.</param>
    /// <param name="late">Receives a value that the code returned after the caller stopped waiting, so that it can be released.</param>
    /// <param name="cancellationToken">The caller's cancellation.</param>
    public static async Task<CallResult<T>> RunAsync<T>(
        Func<CancellationToken, ValueTask<T>> code, TimeSpan limit, TimeProvider time, Action<T>? late, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return new CallResult<T>(CallEnd.Cancelled);

        // Not linked to the caller's token: the code's callbacks would run, and could block, on the thread that cancels.
        // Not disposed when abandoned: the code still holds its token.
        var stop = new CancellationTokenSource();
        var isDecided = 0;
        var work = Task.Run(CallAsync, CancellationToken.None);
        var end = await WaitAsync(work, TryDecide, limit, time, cancellationToken).ConfigureAwait(false);
        if (end == CallEnd.Completed)
        {
            stop.Dispose();
            return await work.ConfigureAwait(false);
        }

        Cancel(stop);
        return new CallResult<T>(end);

        bool TryDecide() => Interlocked.Exchange(ref isDecided, 1) == 0;

        // Never throws, so abandoned work leaves no unobserved exception.
        async Task<CallResult<T>> CallAsync()
        {
            try
            {
                var value = await code(stop.Token).ConfigureAwait(false);
                if (!TryDecide())
                    late?.Invoke(value);
                return new CallResult<T>(CallEnd.Completed, value);
            }
            catch (Exception e)
            {
                // The fence around the code.
                TryDecide();
                return new CallResult<T>(CallEnd.Threw, Error: e);
            }
        }
    }

    /// <summary>Waits for work under way.</summary>
    /// <param name="work">Must not fail.</param>
    /// <param name="tryAbandon">Claims the right to abandon the work; false when it has just ended and its result counts.</param>
    /// <param name="limit">The longest wait; zero or less for no limit.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">The caller's cancellation.</param>
    /// <returns>Completed, TimedOut or Cancelled.</returns>
    public static async ValueTask<CallEnd> WaitAsync(
        Task work, Func<bool> tryAbandon, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await work.WaitAsync(limit > TimeSpan.Zero ? limit : Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
            return CallEnd.Completed;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // The work does not fail, so this is the wait's own exception.
            if (tryAbandon())
                return e is TimeoutException ? CallEnd.TimedOut : CallEnd.Cancelled;
            await work.ConfigureAwait(false);
            return CallEnd.Completed;
        }
    }

    /// <summary>Waits a limited time for work whose outcome the caller takes from the task.</summary>
    /// <returns>
    /// True when the work has ended, within the limit or just after it: its outcome is in the task. After false the caller must
    /// dispose of whatever the task still produces.
    /// </returns>
    public static async Task<bool> EndsWithinAsync(this Task work, TimeSpan limit, TimeProvider time)
    {
        await work.WaitAsync(limit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Asked once, here: work that ends between the timeout and a second look would be lost to both sides.
        return work.IsCompleted;
    }

    /// <summary>Cancels a token of foreign code: its callbacks run on another thread, and their exceptions are dropped.</summary>
    public static void Cancel(CancellationTokenSource stop) => Abandon(stop.CancelAsync());

    /// <summary>Nobody waits for this work any more: what it throws concerns nobody.</summary>
    public static void Abandon(Task work) =>
        _ = work.ContinueWith(
            static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
