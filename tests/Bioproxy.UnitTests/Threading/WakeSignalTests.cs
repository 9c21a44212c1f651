using Bioproxy.Doubles;
using Bioproxy.Host.Threading;

namespace Bioproxy.UnitTests.Threading;

public sealed class WakeSignalTests
{
    private static readonly TimeSpan Due = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly WakeSignal _signal = new();

    [Fact]
    public async Task Wait_SetBefore_ReturnsAtOnceAndConsumesIt()
    {
        _signal.Set();

        var first = WaitAsync();
        Assert.True(first.IsCompleted);
        Assert.True(await first);
        Assert.False(WaitAsync().IsCompleted);
    }

    [Fact]
    public async Task Wait_SetSeveralTimesBefore_CountsOnce()
    {
        _signal.Set();
        _signal.Set();
        _signal.Set();

        Assert.True(await WaitAsync().DefaultTimeout());
        var second = WaitAsync();
        _time.Advance(Due);
        Assert.False(await second.DefaultTimeout());
    }

    [Fact]
    public async Task Set_WhileWaiting_Wakes()
    {
        var wait = WaitAsync();
        _time.Advance(Due - TimeSpan.FromTicks(1));
        Assert.False(wait.IsCompleted);

        _signal.Set();

        Assert.True(await wait.DefaultTimeout());
        Assert.False(WaitAsync().IsCompleted);
    }

    [Fact]
    public async Task Set_TwiceWhileWaiting_WakesTheNextWaitToo()
    {
        // The second one may tell of something that happened after the loop began its turn.
        var wait = WaitAsync();
        _signal.Set();
        _signal.Set();

        Assert.True(await wait.DefaultTimeout());
        Assert.True(await WaitAsync().DefaultTimeout());
    }

    [Fact]
    public async Task Wait_NotSet_EndsWhenDue()
    {
        var wait = WaitAsync();

        _time.Advance(Due);

        Assert.False(await wait.DefaultTimeout());
    }

    [Fact]
    public async Task Set_AfterTheTimeRanOut_IsKeptForTheNextWait()
    {
        var wait = WaitAsync();
        _time.Advance(Due);
        _signal.Set();

        Assert.False(await wait.DefaultTimeout());
        Assert.True(await WaitAsync().DefaultTimeout());
    }

    [Fact]
    public async Task Wait_ZeroTime_OnlyAsks()
    {
        Assert.False(await _signal.WaitAsync(TimeSpan.Zero, _time, CancellationToken.None).DefaultTimeout());
        _signal.Set();
        Assert.True(await _signal.WaitAsync(TimeSpan.Zero, _time, CancellationToken.None).DefaultTimeout());
        Assert.False(await _signal.WaitAsync(TimeSpan.Zero, _time, CancellationToken.None).DefaultTimeout());
    }

    [Fact]
    public async Task Wait_Cancelled_ThrowsAndKeepsALaterSignal()
    {
        using var stop = new CancellationTokenSource();
        var wait = _signal.WaitAsync(Timeout.InfiniteTimeSpan, _time, stop.Token);
        await stop.CancelAsync();
        _signal.Set();

        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.DefaultTimeout());
        Assert.Equal(stop.Token, cancelled.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _signal.WaitAsync(Due, _time, stop.Token).DefaultTimeout());
        Assert.True(await WaitAsync().DefaultTimeout());
    }

    [Fact]
    public async Task Wait_Ended_LeavesNoTimerBehind()
    {
        var wait = WaitAsync();
        _signal.Set();
        await wait.DefaultTimeout();

        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public async Task Wait_WhileAnotherWaits_IsRefused()
    {
        _ = WaitAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => WaitAsync().DefaultTimeout());
    }

    [Fact]
    public async Task Set_FromManyThreads_NoneIsLost()
    {
        // One producer per round; the loop must see every round, whether it waits or not when the signal is set.
        for (var round = 0; round < 2_000; round++)
        {
            var wait = WaitAsync();
            _ = Task.Run(_signal.Set);
            Assert.True(await wait.DefaultTimeout());
        }
    }

    private Task<bool> WaitAsync() => _signal.WaitAsync(Due, _time, CancellationToken.None);
}
