using Bioproxy.Doubles;
using Bioproxy.Host.Threading;

namespace Bioproxy.UnitTests.Threading;

public sealed class BoundedWaitTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly TestClock _time = new();
    private readonly TaskCompletionSource<int> _work = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task EndsWithin_WorkThatEnds_IsTrue()
    {
        var waiting = _work.Task.EndsWithinAsync(Limit, _time);

        _work.SetResult(1);

        Assert.True(await waiting.DefaultTimeout());
    }

    [Fact]
    public async Task EndsWithin_WorkThatFails_IsTrueAndLeavesTheFailureInTheTask()
    {
        var waiting = _work.Task.EndsWithinAsync(Limit, _time);

        _work.SetException(new TimeoutException("its own"));

        Assert.True(await waiting.DefaultTimeout());
        Assert.Equal("its own", (await Assert.ThrowsAsync<TimeoutException>(() => _work.Task)).Message);
    }

    [Fact]
    public async Task EndsWithin_WorkThatHangs_IsFalse()
    {
        var waiting = _work.Task.EndsWithinAsync(Limit, _time);

        _time.Advance(Limit);

        Assert.False(await waiting.DefaultTimeout());
    }

    [Fact]
    public async Task EndsWithin_WorkThatEndsAtTheLimit_AnswersAllTheSame()
    {
        for (var i = 0; i < 20_000; i++)
        {
            var (time, work) = (new TestClock(), new TaskCompletionSource());
            var waiting = Task.Run(() => work.Task.EndsWithinAsync(Limit, time));
            await time.WhenTimersAsync(1).DefaultTimeout();

            var ending = Task.Run(work.SetResult);
            time.Advance(Limit);
            await ending.DefaultTimeout();

            await waiting.DefaultTimeout(); // true or false, but not the exception of the timeout
        }
    }
}
