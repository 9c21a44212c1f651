using System.Globalization;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Benchmarks.Routing;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>
/// What routing is worth: traces of a production service replayed through the real router, queues, schedulers and snapshot store over
/// simulated instances. The traces are not in the repository: <c>BENCH_TRACES</c> is the folder with
/// <c>mooncake-conversation.jsonl</c> and <c>mooncake-synthetic.jsonl</c>. <c>BENCH_REPLAYS</c> chooses some of the parts
/// <c>cost</c>, <c>&lt;trace&gt;-&lt;instances&gt;</c> and <c>&lt;trace&gt;-curve</c>, separated by commas.
/// </summary>
internal static class RoutingRun
{
    private const int Room = 100_000;
    private const int SmallRoom = 25_000;

    /// <summary>The instances of the curve over disk size, which hardly depends on them.</summary>
    private const int CurveInstances = 16;

    /// <summary>What least-recently-used eviction reuses with the small room, by the statement of the goal.</summary>
    private static readonly (string Name, double LeastRecentlyUsed)[] Traces = [("synthetic", 0.512), ("conversation", 0.277)];

    private static readonly int[] Fleets = [16, 4];

    private static readonly int[] Curve = [12_500, SmallRoom, 50_000, Room];

    public static async Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        if (IsWanted("cost"))
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
            foreach (var instances in Fleets.Where(instances => IsWanted($"{name}-{instances}")))
                await CompareAsync(table, (name, leastRecentlyUsed), trace, instances, cancellationToken);
            if (IsWanted($"{name}-curve"))
                await DrawAsync(table, name, trace, cancellationToken);
        }
    }

    private static bool IsWanted(string part) =>
        Environment.GetEnvironmentVariable("BENCH_REPLAYS") is not { Length: > 0 } wanted || wanted.Split(',').Contains(part);

    private static async Task CompareAsync(
        ResultTable table,
        (string Name, double LeastRecentlyUsed) about,
        IReadOnlyList<TraceRequest> trace,
        int instances,
        CancellationToken cancellationToken)
    {
        var what = $"routing, {about.Name}, {instances} instances";
        var results = new List<ReplayResult>();
        foreach (var policy in Enum.GetValues<RoutingPolicy>())
            results.Add(await ReplayAsync(trace, instances, Room, policy, EvictionRule.InUse, cancellationToken));
        results.Add(await ReplayAsync(trace, instances, 0, RoutingPolicy.RoundRobin, EvictionRule.InUse, cancellationToken));
        var small = await ReplayAsync(trace, instances, SmallRoom, RoutingPolicy.Bioproxy, EvictionRule.InUse, cancellationToken);
        foreach (var result in results.Append(small))
            table.Add($"{what}, {result.DiskBlocks:N0} blocks on disk: {result.Policy}", Text(result));

        var unlimited = Unlimited(trace);
        var ours = results[0];
        var others = results.Skip(1).Min(result => result.NinetyFifth);
        table.Add($"{what}: reuse of an infinite cache's {Percent(unlimited)}", Percent(ours.Reused / unlimited), ">= 95 %",
            ours.Reused >= 0.95 * unlimited);
        table.Add($"{what}: reuse with {SmallRoom:N0} blocks", Percent(small.Reused), $"> {Percent(about.LeastRecentlyUsed)}",
            small.Reused > about.LeastRecentlyUsed);
        table.Add($"{what}: busiest instance against the mean", Number(ours.Busiest), "<= 1.15", ours.Busiest <= 1.15);
        table.Add($"{what}: 95th percentile of the time to first token", Number(ours.NinetyFifth) + " s",
            $"lowest (others {Number(others)} s)", ours.NinetyFifth <= others);
    }

    private static async Task DrawAsync(
        ResultTable table, string name, IReadOnlyList<TraceRequest> trace, CancellationToken cancellationToken)
    {
        foreach (var room in Curve)
        {
            var reused = new List<(EvictionRule Rule, double Share)>();
            foreach (var rule in new[] { EvictionRule.InUse, EvictionRule.Former, EvictionRule.LeastRecentlyUsed })
            {
                var result = await ReplayAsync(trace, CurveInstances, room, RoutingPolicy.Bioproxy, rule, cancellationToken);
                reused.Add((rule, result.Reused));
            }

            var what = $"routing, {name}, {CurveInstances} instances: reuse with {room:N0} blocks on disk";
            var measured = string.Join(", ", reused.Select(one => $"{one.Rule.Name} {Percent(one.Share)}"));
            if (room == SmallRoom)
                table.Add(what, measured, "the rule in use keeps most", reused[0].Share > reused.Skip(1).Max(one => one.Share));
            else
                table.Add(what, measured);
        }
    }

    private static async Task<ReplayResult> ReplayAsync(
        IReadOnlyList<TraceRequest> trace,
        int instances,
        int room,
        RoutingPolicy policy,
        EvictionRule rule,
        CancellationToken cancellationToken)
    {
        await using var fleet = new SimulatedFleet(instances, room, rule);
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
