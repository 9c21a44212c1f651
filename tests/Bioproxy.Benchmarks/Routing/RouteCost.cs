using System.Diagnostics;
using System.Globalization;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Benchmarks.Routing;

/// <summary>What choosing among 16 instances adds to a request with a prompt of 256 KB.</summary>
internal static class RouteCost
{
    private const int Instances = 16;
    private const int PromptBlocks = 64;
    private const int Conversations = 400;
    private const int Rounds = 2000;

    public static async Task MeasureAsync(ResultTable table, CancellationToken cancellationToken)
    {
        await using var fleet = new SimulatedFleet(Instances, diskBlocks: 100_000);
        await fleet.StartAsync(cancellationToken);

        // Every slot holds a conversation, and there are snapshots of more.
        TraceRequest[] trace = [.. Enumerable.Range(0, Conversations).Select(number => new TraceRequest(number, 10, Blocks(number)))];
        await new Replay(fleet, RoutingPolicy.LeastLoaded, trace, stretch: 1).RunAsync(cancellationToken);
        using var held = Replay.PromptOf([.. Blocks(Conversations - 1), -1]);
        using var saved = Replay.PromptOf([.. Blocks(0), -1]);
        using var stranger = Replay.PromptOf([.. Enumerable.Range(1_000_000, PromptBlocks)]);
        Add("a slot holds it", held);
        Add("it is on disk", saved);
        Add("nothing is known of it", stranger);

        void Add(string what, CanonicalPrompt prompt)
        {
            var time = Median(() => fleet.Router.Route(null, prompt, null, Lane.Interactive));
            table.Add($"routing among {Instances} instances, 256 KB: {what}", string.Create(CultureInfo.InvariantCulture, $"{time:0.0} us"),
                "<= 20 us", time <= 20);
        }
    }

    private static int[] Blocks(int conversation) => [0, .. Enumerable.Range(1 + (conversation * PromptBlocks), PromptBlocks - 1)];

    private static double Median(Action action)
    {
        for (var i = 0; i < Rounds; i++)
            action();
        return Statistics.Median(Enumerable.Range(0, Rounds).Select(_ =>
        {
            var started = Stopwatch.GetTimestamp();
            action();
            return Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        }));
    }
}
