using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>
/// Thousands of requests to four backends with three models, with clients that leave, crashes, loads and evictions that a seed decides:
/// whatever happens, no slot is used twice, nothing is loaded without a request or evicted while it works, nobody waits for longer than
/// swap.max_wait_seconds and the turns before it, no state of other weights is restored, and everything is given back.
/// </summary>
[Collection(RunsAlone.Name)]
public sealed class FleetSimulationTests(ITestOutputHelper output)
{
    /// <summary>From so many arrivals on a run comes by everything.</summary>
    private const int Many = 10_000;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Loads that were stopped are not among it: nearly half of the runs have none.</summary>
    private static readonly string[] Everything =
    [
        "crashes", "crashes at work", "evictions", "fail-overs", "left before the first byte", "left in the queue",
        "left while a model had no room", "left while a model was loading", "left while streaming", "loads", "restores", "saves",
    ];

    /// <summary>Seeds and arrivals.</summary>
    public static TheoryData<int, int> Schedules
    {
        get
        {
            var schedules = new TheoryData<int, int> { { 1, 2_000 }, { 2, 2_000 } };
            for (var seed = 101; LongRun.IsOn && seed <= 112; seed++)
                schedules.Add(seed, Many);
            return schedules;
        }
    }

    [Theory]
    [MemberData(nameof(Schedules))]
    public async Task AnySchedule_InvariantsHold(int seed, int arrivals)
    {
        var run = await FleetRun.RunAsync(seed, arrivals).WaitAsync(Limit);

        output.WriteLine(run.Story);
        Assert.True(run.World.Violations.IsEmpty, string.Join('\n', run.World.Violations.Take(20).Append(run.Story)));
        Assert.Equal(arrivals, run.Results.Count);
        Assert.True(run.Results.Count(static result => result == FleetResult.Served) > arrivals / 2, run.Story);
        Assert.Equal(0, run.ResidentAtTheEnd);
        Assert.All(Everything, what => Assert.True(arrivals < Many || run.World.Count(what) > 0, what));
    }

    [Fact]
    public async Task SameSeed_SameRun()
    {
        var first = await FleetRun.RunAsync(3, 300).WaitAsync(Limit);
        var second = await FleetRun.RunAsync(3, 300).WaitAsync(Limit);

        Assert.Equal(first.Story, second.Story);
        Assert.Equal(first.Results, second.Results);
    }
}
