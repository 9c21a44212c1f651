using System.Globalization;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Benchmarks.Routing;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>
/// What routing is worth: traces of a production service replayed through the real router, queues, schedulers and snapshot store over
/// simulated instances. The traces are not in the repository: <c>BENCH_TRACES</c> is the folder with
/// <c>mooncake-conversation.jsonl</c> and <c>mooncake-synthetic.jsonl</c>.
/// </summary>
internal static class RoutingRun
{
    private const int Room = 100_000;
    private const int SmallRoom = 25_000;

    /// <summary>What least-recently-used eviction reuses with the small room.</summary>
    private static readonly (string Name, double LeastRecentlyUsed)[] Traces = [("synthetic", 0.512), ("conversation", 0.277)];

    private static readonly int[] Fleets = [16, 4];

    private static readonly (RoutingPolicy Policy, int Room)[] Replays =
    [
        (RoutingPolicy.Bioproxy, SmallRoom),
        .. Enum.GetValues<RoutingPolicy>().Select(policy => (policy, Room)),
        (RoutingPolicy.RoundRobin, 0),
    ];

    public static async Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        await RouteCost.MeasureAsync(table, cancellationToken);
        var folder = Environment.GetEnvironmentVariable("BENCH_TRACES");
        foreach (var (name, leastRecentlyUsed) in Traces)
        {
            var path = Path.Combine(folder ?? "", $"mooncake-{name}.jsonl");
            if (folder is null || !File.Exists(path))
            {
                ResultTable.Say($"The {name} trace is skipped: set BENCH_TRACES to the folder of mooncake-{name}.jsonl.");
                continue;
            }

            var trace = TraceReader.Read(path);
            foreach (var instances in Fleets)
                await CompareAsync(table, name, trace, instances, leastRecentlyUsed, cancellationToken);
        }
    }

    private static async Task CompareAsync(
        ResultTable table, string name, IReadOnlyList<TraceRequest> trace, int instances, double leastRecentlyUsed,
        CancellationToken cancellationToken)
    {
        var results = new List<ReplayResult>();
        foreach (var (policy, room) in Replays)
        {
            var result = await ReplayAsync(trace, instances, room, policy, cancellationToken);
            results.Add(result);
            table.Add($"routing, {name}, {instances} instances, {room:N0} blocks on disk: {policy}", Text(result));
        }

        var unlimited = Unlimited(trace);
        var ours = results.First(r => r is { Policy: RoutingPolicy.Bioproxy, DiskBlocks: Room });
        var small = results.First(r => r is { Policy: RoutingPolicy.Bioproxy, DiskBlocks: SmallRoom });
        var fastest = results.Where(r => r.DiskBlocks == Room).Min(r => r.NinetyFifth);
        var what = $"routing, {name}, {instances} instances";
        table.Add($"{what}: reuse of an infinite cache's {Percent(unlimited)}", Percent(ours.Reused / unlimited), ">= 95 %",
            ours.Reused >= 0.95 * unlimited);
        table.Add($"{what}: reuse with {SmallRoom:N0} blocks", Percent(small.Reused), $"> {Percent(leastRecentlyUsed)}",
            small.Reused > leastRecentlyUsed);
        table.Add($"{what}: busiest instance against the mean", Number(ours.Busiest), "<= 1.15", ours.Busiest <= 1.15);
        table.Add($"{what}: 95th percentile of the time to first token", Number(ours.NinetyFifth) + " s",
            $"lowest ({Number(fastest)} s)", ours.NinetyFifth <= fastest);
    }

    private static async Task<ReplayResult> ReplayAsync(
        IReadOnlyList<TraceRequest> trace, int instances, int room, RoutingPolicy policy, CancellationToken cancellationToken)
    {
        await using var fleet = new SimulatedFleet(instances, room);
        await fleet.StartAsync(cancellationToken);
        var offered = trace.Sum(SimulatedRates.WholeSeconds) / (instances * SimulatedRates.Slots * SimulatedRates.Load);
        return await new Replay(fleet, policy, trace, offered / trace[^1].Seconds).RunAsync(cancellationToken);
    }

    /// <summary>The share of all blocks that a cache without limits reuses.</summary>
    private static double Unlimited(IReadOnlyList<TraceRequest> trace)
    {
        var seen = new HashSet<int>();
        var reused = 0L;
        foreach (var request in trace)
        {
            reused += request.Blocks.TakeWhile(seen.Contains).Count();
            seen.UnionWith(request.Blocks);
        }

        return reused / (double)trace.Sum(request => (long)request.Blocks.Length);
    }

    private static string Text(ReplayResult result) =>
        $"{Percent(result.Reused)} reused, busiest {Number(result.Busiest)}, first token p50 {Number(result.Median)} s, "
        + $"p95 {Number(result.NinetyFifth)} s, {result.ComputedTokens / 1e6:0} M tokens computed";

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %");

    private static string Number(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.00}");
}
