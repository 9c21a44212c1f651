namespace Bioproxy.PluginTests.Engines;

/// <summary>A clock on which every time limit is over as soon as it is set.</summary>
internal sealed class ExpiredTime : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        callback(state);
        return new Timer();
    }

    private sealed class Timer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
            // nothing runs
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
