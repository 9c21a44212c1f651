using Bioproxy.Doubles;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>
/// Moves a test clock from timer to timer, and only while nothing else can happen: no work waits for a thread, and none runs. So a run
/// depends on its seed and hardly on the machine. Needs the thread pool for itself, so its tests run alone.
/// </summary>
internal sealed class FleetClock(TestClock time)
{
    /// <summary>Whatever keeps the pool busy for this long is not of the run.</summary>
    private const int MostSpins = 20_000;

    private int _others = int.MaxValue;

    /// <summary>Steps taken.</summary>
    public int Steps { get; private set; }

    /// <summary>Steps taken though something ran.</summary>
    public int HastySteps { get; private set; }

    /// <summary>Runs until the task has completed; <paramref name="look"/> is called before each step, when everything is quiet.</summary>
    public Task RunAsync(Task until, Action look) => Task.Factory.StartNew(
        () => Run(until, look), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(Task until, Action look)
    {
        while (true)
        {
            WaitUntilQuiet(until);
            if (until.IsCompleted)
                return;
            look();
            if (time.UntilNext is not { } next)
                continue; // a run that never ends is one that takes too long
            time.Advance(next > TimeSpan.Zero ? next : TimeSpan.Zero);
            Steps++;
        }
    }

    private void WaitUntilQuiet(Task until)
    {
        var spin = new SpinWait();
        var spins = 0;
        while (!IsQuiet() && !until.IsCompleted)
        {
            if (++spins == MostSpins)
            {
                HastySteps++;
                return;
            }

            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    private bool IsQuiet()
    {
        ThreadPool.GetMaxThreads(out var most, out _);
        ThreadPool.GetAvailableThreads(out var idle, out _);
        _others = Math.Min(_others, most - idle); // the test host may keep some for itself
        return most - idle == _others && ThreadPool.PendingWorkItemCount == 0;
    }
}
