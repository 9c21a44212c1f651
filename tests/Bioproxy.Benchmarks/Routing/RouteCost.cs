using System.Diagnostics;
using System.Globalization;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Benchmarks.Routing;

/// <summary>What choosing among 16 instances adds to a request with a prompt of 256 KB. Two prompts take turns, so that none is found in
/// what was kept of the last look-up.</summary>
internal static class RouteCost
{
    private const int Instances = 16;
    private const int PromptBlocks = 64;
    private const int Conversations = 400;
    private const int Rounds = 20_000;

    public static async Task MeasureAsync(ResultTable table, CancellationToken cancellationToken)
    {
        await using var fleet = new SimulatedFleet(Instances, diskBlocks: 100_000, EvictionRule.InUse);
        await fleet.StartAsync(cancellationToken);

        // Every slot holds a conversation, and there are snapshots of more.
        TraceRequest[] trace = [.. Enumerable.Range(0, Conversations).Select(number => new TraceRequest(number, 10, Blocks(number)))];
        await new Replay(fleet, RoutingPolicy.LeastLoaded, trace, stretch: 1).RunAsync(cancellationToken);
        using var held = Next(Conversations - 1);
        using var alsoHeld = Next(Conversations - 2);
        using var saved = Next(0);
        using var alsoSaved = Next(1);
        using var stranger = Replay.PromptOf([.. Enumerable.Range(1_000_000, PromptBlocks)]);
        using var otherStranger = Replay.PromptOf([.. Enumerable.Range(2_000_000, PromptBlocks)]);
        (string What, CanonicalPrompt One, CanonicalPrompt Other)[] cases =
        [
            ("a slot holds it", held, alsoHeld),
            ("it is on disk", saved, alsoSaved),
            ("nothing is known of it", stranger, otherStranger),
        ];

        // All are run first, so that what is measured is compiled to the end.
        foreach (var (_, one, other) in cases)
            Median(fleet, one, other);
        foreach (var (what, one, other) in cases)
        {
            var time = Median(fleet, one, other);
            table.Add($"routing among {Instances} instances, 256 KB: {what}", string.Create(CultureInfo.InvariantCulture, $"{time:0.0} us"),
                "<= 20 us", time <= 20);
        }

        await using var single = new SimulatedFleet(instances: 1, diskBlocks: 100_000, EvictionRule.InUse);
        await single.StartAsync(cancellationToken);
        Median(single, held, alsoHeld);
        var alone = Median(single, held, alsoHeld);
        table.Add("routing with one backend", string.Create(CultureInfo.InvariantCulture, $"{alone:0.00} us"), "<= 0.5 us", alone <= 0.5);
    }

    private static int[] Blocks(int conversation) => [0, .. Enumerable.Range(1 + (conversation * PromptBlocks), PromptBlocks - 1)];

    private static CanonicalPrompt Next(int conversation) => Replay.PromptOf([.. Blocks(conversation), -1]);

    /// <summary>Microseconds for one of the two.</summary>
    private static double Median(SimulatedFleet fleet, CanonicalPrompt one, CanonicalPrompt other) =>
        Statistics.Median(Enumerable.Range(0, Rounds).Select(_ =>
        {
            var started = Stopwatch.GetTimestamp();
            fleet.Router.Route(null, one, Lane.Interactive, 1);
            fleet.Router.Route(null, other, Lane.Interactive, 1);
            return Stopwatch.GetElapsedTime(started).TotalMicroseconds / 2;
        }));
}
