using Bioproxy.Doubles;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>
/// Moves a test clock from timer to timer, and only when nothing else can happen: it is itself a work item of a thread pool with one thread
/// (<see cref="SoleWorker"/>), and steps when it is the last one. So a run depends on its seed alone, and takes no longer than its work.
/// </summary>
internal sealed class FleetClock : IThreadPoolWorkItem
{
    private readonly TestClock _time;
    private readonly Task _until;
    private readonly Action _look;
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FleetClock(TestClock time, Task until, Action look) => (_time, _until, _look) = (time, until, look);

    /// <summary>Steps taken.</summary>
    public int Steps { get; private set; }

    /// <summary>Runs until the task has completed; <paramref name="look"/> is called before each step, when everything is quiet.</summary>
    /// <returns>The steps that were taken.</returns>
    public static async Task<int> RunAsync(TestClock time, Task until, Action look)
    {
        var clock = new FleetClock(time, until, look);
        ThreadPool.UnsafeQueueUserWorkItem(clock, preferLocal: false);
        await clock._done.Task.ConfigureAwait(false);
        return clock.Steps;
    }

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            if (!_until.IsCompleted && ThreadPool.PendingWorkItemCount == 0)
                Step();
            if (_until.IsCompleted)
                _done.TrySetResult();
            else
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
        catch (Exception e)
        {
            _done.TrySetException(e); // the fence of the test's thread pool
        }
    }

    private void Step()
    {
        _look();
        var next = _time.UntilNext ?? throw new InvalidOperationException("Nothing can happen any more, and the run has not ended.");
        _time.Advance(next > TimeSpan.Zero ? next : TimeSpan.Zero);
        Steps++;
    }
}
