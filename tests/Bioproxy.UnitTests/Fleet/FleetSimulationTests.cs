using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>
/// Thousands of requests to four backends with three models, with clients that leave, crashes, loads and evictions that a seed decides:
/// whatever happens, no slot is used twice, nothing is loaded without a request or evicted while it works, nobody waits for ever, no state
/// of other weights is restored, and everything is given back.
/// </summary>
[Collection(RunsAlone.Name)]
public sealed class FleetSimulationTests(ITestOutputHelper output)
{
    /// <summary>From so many arrivals on a run comes by everything.</summary>
    private const int Many = 2_000;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

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
            // The longer ones are red in some runs, with work on a slot that is in use: whether the gate or the simulation is at fault is
            // not known yet.
            var schedules = new TheoryData<int, int> { { 2, 40 } };
            for (var seed = 1; LongRun.IsOn && seed <= 5; seed++)
                schedules.Add(seed, seed == 5 ? Many : 300);
            for (var seed = 101; LongRun.IsOn && seed <= 108; seed++)
                schedules.Add(seed, 10_000);
            return schedules;
        }
    }

    [Theory]
    [MemberData(nameof(Schedules))]
    public async Task AnySchedule_InvariantsHold(int seed, int arrivals)
    {
        var fleet = new Fleet(seed);
        var clients = new FleetClients(fleet);
        var watch = new FleetWatch(fleet, clients);
        var clock = new FleetClock(fleet.Time);

        var running = RunAsync(fleet, clients, new FleetSchedule(seed, arrivals).Requests);
        await clock.RunAsync(running, watch.Look).WaitAsync(Limit);
        var results = await running;
        watch.LookAtTheEnd();
        var disposing = fleet.DisposeAsync().AsTask();
        await clock.RunAsync(disposing, static () => { }).WaitAsync(Limit);
        await disposing;

        var story = string.Join(", ", results.CountBy(static result => result).Select(static one => $"{one}").Concat(fleet.World.Counts))
            + $", {clock.Steps} steps, {clock.HastySteps} of them hasty, longest wait {watch.LongestWait}";
        output.WriteLine(story);
        Assert.True(fleet.World.Violations.IsEmpty, string.Join('\n', fleet.World.Violations.Take(20).Append(story)));
        Assert.Equal(arrivals, results.Length);
        Assert.True(results.Count(static result => result == FleetResult.Served) > arrivals / 2, story);
        Assert.Equal(0, fleet.PoolServers.Resident);
        Assert.All(Everything, what => Assert.True(arrivals < Many || fleet.World.Count(what) > 0, what));
    }

    private static async Task<FleetResult[]> RunAsync(Fleet fleet, FleetClients clients, IReadOnlyList<FleetRequest> requests)
    {
        await fleet.StartAsync();
        using var stopping = new CancellationTokenSource();
        var chaos = new FleetChaos(fleet).RunAsync(stopping.Token);
        var began = fleet.Time.GetUtcNow();
        var running = new List<Task<FleetResult>>();
        foreach (var request in requests)
        {
            if (began + request.At - fleet.Time.GetUtcNow() is var pause && pause > TimeSpan.Zero)
                await Task.Delay(pause, fleet.Time).ConfigureAwait(false);
            running.Add(clients.RunAsync(request));
        }

        var all = await Task.WhenAll(running).ConfigureAwait(false);
        await stopping.CancelAsync().ConfigureAwait(false);
        await chaos.ConfigureAwait(false);

        // Whatever is done in the background has been done by then.
        await Task.Delay(TimeSpan.FromSeconds(30), fleet.Time).ConfigureAwait(false);
        return all;
    }
}
