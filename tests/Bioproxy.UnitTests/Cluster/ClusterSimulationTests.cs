using Bioproxy.Doubles;
using Bioproxy.UnitTests.Cluster.Simulation;
using Xunit.Abstractions;

namespace Bioproxy.UnitTests.Cluster;

/// <summary>
/// Three proxies as one, with moves, deaths, duplicate owners, split networks and lost messages that a seed decides: no answer is computed
/// from a state that is not its prompt's own, no owner pins two requests to one slot, and in the end nothing is held and nobody waits.
/// </summary>
[Collection(RunsAlone.Name)]
public sealed class ClusterSimulationTests(ITestOutputHelper output)
{
    private const int Many = 10_000;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private static readonly string[] Everything =
    [
        "adoptions", "beginnings of another key beside an owner's back", "deaths of others", "deaths of owners", "doubled messages",
        "duplicates", "lost messages", "messages", "moves", "placed by another proxy", "placed by nobody", "placed here", "requests Left",
        "requests Served", "restarts of the server", "restores", "saves", "splits", "takes",
    ];

    /// <summary>The first seed, how many, and the steps of each.</summary>
    public static TheoryData<int, int, int> Schedules
    {
        get
        {
            var schedules = new TheoryData<int, int, int> { { 1, 3, 2_000 } };
            for (var seed = 1; LongRun.IsOn && seed <= 50; seed += 10)
                schedules.Add(seed, 10, Many);
            return schedules;
        }
    }

    [Theory]
    [MemberData(nameof(Schedules))]
    public async Task AnySchedule_InvariantsHold(int first, int count, int steps)
    {
        var runs = await ClusterRun.RunAsync(Enumerable.Range(first, count), steps).WaitAsync(Limit);

        output.WriteLine($"{runs.Sum(static run => run.Steps)} steps, {runs.Sum(static run => run.Requests)} requests, "
            + string.Join(", ", Everything.Select(what => $"{Sum(what)} {what}")));
        foreach (var run in runs)
            run.Dispose();
        Assert.All(
            runs, run => Assert.True(run.World.Violations.IsEmpty, string.Join('\n', run.World.Violations.Take(20).Append(run.Story))));
        Assert.All(Everything, what => Assert.True(steps < Many || Sum(what) > 0, what));

        int Sum(string what) => runs.Sum(run => run.World.Count(what));
    }

    /// <summary>The simulation shows a wrong state where there is one: models of other weights that cannot be told apart.</summary>
    [Fact]
    public async Task ServerWithOtherWeightsThatNobodyCanTell_IsSeen()
    {
        var runs = await ClusterRun.RunAsync(Enumerable.Range(1, 3), 2_000, hidesWeights: true).WaitAsync(Limit);

        foreach (var run in runs)
            run.Dispose();
        Assert.Contains(runs, static run => run.World.Violations.Any(static one => one.Contains("of weights", StringComparison.Ordinal)));
    }
}
