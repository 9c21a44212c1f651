namespace Bioproxy.PluginTests.Engines;

/// <summary>A clock on which every time limit has passed as soon as it is set.</summary>
internal sealed class ExpiredTime : FakeTimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
}
