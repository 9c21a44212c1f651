using Bioproxy.Doubles;

namespace Bioproxy.UnitTests.Testing;

public class TestClockTests
{
    /// <summary>A timer was counted before it could fire: moving the clock in between went unnoticed, and the wait after it
    /// returned at once.</summary>
    [Fact]
    public async Task Advance_LoopThatWaits_RunsOnceEachTime()
    {
        const int Rounds = 20_000;
        var clock = new TestClock();
        var runs = 0;
        var loop = Task.Run(async () =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), clock).ConfigureAwait(false);
                Interlocked.Increment(ref runs);
                await Task.Yield(); // to another thread, away from that of the clock
            }

            await Task.Delay(TimeSpan.FromSeconds(1), clock).ConfigureAwait(false);
        });

        for (var i = 1; i <= Rounds; i++)
        {
            await clock.WhenTimersAsync(1).DefaultTimeout();
            clock.Advance(TimeSpan.FromSeconds(1));
            await clock.WhenTimersAsync(1).DefaultTimeout();
            Assert.Equal(i, Volatile.Read(ref runs));
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        await loop.DefaultTimeout();
    }
}
