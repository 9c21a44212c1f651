using System.Diagnostics;
using System.Globalization;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Benchmarks.Routing;
using Bioproxy.Benchmarks.Scale;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Cluster;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>
/// How far a cluster goes: the owners of 1,000 model instances, spread over 64 proxies by the rule of the cluster, and 100,000 requests a
/// minute of a trace (<c>BENCH_TRACES</c>, see <see cref="RoutingRun"/>; otherwise of an invented schedule) that come through all proxies
/// in turn. The owners, queues and slot tables are real, and called in one process; what lies between processes is counted, not sent.
/// </summary>
internal static class ScaleRun
{
    private const int Proxies = 64;
    private const int Instances = 1_000;
    private const int PerMinute = 100_000;
    private const int PerName = 16;
    private const int Dead = 8;
    private const int MostRequests = 12_000;

    /// <summary>Seconds between two pings of a server by each proxy (<c>ClusterNode</c>).</summary>
    private const double PingSeconds = 2;

    /// <summary>Microseconds of processor time of a call between two processes, both sides (measured: 90 to 230).</summary>
    private const double CallMicroseconds = 160;

    private const double PerSecond = PerMinute / 60.0;

    public static async Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        var path = Path.Combine(Environment.GetEnvironmentVariable("BENCH_TRACES") ?? "", "mooncake-conversation.jsonl");
        var trace = (File.Exists(path) ? TraceReader.Read(path) : PeopleSchedule.Make()).Take(MostRequests).ToList();
        ResultTable.Say($"scale: {trace.Count:N0} requests of {(File.Exists(path) ? path : "an invented schedule")}");
        string[] names = [.. Enumerable.Range(0, Instances).Select(static one => $"10.2.{one / 250}.{(one % 250) + 1}:8080")];
        var (owned, atOnce) = (new int[Proxies], new int[Proxies]);
        var owners = ScalePlacement.Place(names, owned);
        ScalePlacement.Place(names, atOnce, isKnown: false);
        Add("servers a proxy owns, mean / most / most where all ask at once",
            $"{Instances / (double)Proxies:0.0} / {owned.Max()} / {atOnce.Max()}");

        var empty = GC.GetTotalMemory(forceFullCollection: true);
        await using var fleet = new SimulatedFleet(Instances, 0, EvictionRule.InUse);
        List<ScaleServer> servers =
            [.. names.Index().Select(one => new ScaleServer(one.Item, fleet.Models[one.Index], fleet.Slots[one.Index], fleet.Clock))];
        foreach (var server in servers)
            await server.Model.Backend.Monitor.CheckAsync(cancellationToken);
        var asGuests = GC.GetTotalMemory(forceFullCollection: true);

        RecentPrompts[] recent = [.. Enumerable.Range(0, Proxies).Select(static _ => new RecentPrompts())];
        ConversationTracker[] trackers = [.. recent.Select(static one => new ConversationTracker(one))];
        var activations = new List<double>();
        foreach (var (number, server) in servers.Index())
        {
            var started = Stopwatch.GetTimestamp();
            await server.ActivateAsync(owners[number], trackers[owners[number]]);
            activations.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
        }

        var idle = GC.GetTotalMemory(forceFullCollection: true);
        var replay = new ScaleReplay(servers, fleet, Proxies, PerName, PerSecond);
        await replay.RunAsync(trace, cancellationToken);
        var withPrompts = GC.GetTotalMemory(forceFullCollection: true);
        foreach (var one in recent)
            one.Dispose();
        var used = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(trackers);

        var minutes = trace.Count / (double)PerMinute;
        Add("placements a minute and server, mean / busiest", $"{PerMinute / (double)Instances:0} / {replay.Placements.Max() / minutes:0}");
        Add("memory a server, in a proxy that does not own it / more in the owner, idle / after the trace, KB",
            $"{KilobytesOf(asGuests - empty):0} / {KilobytesOf(idle - asGuests):0} / {KilobytesOf(used - asGuests):0}");
        Add("recent prompts of a proxy, MB", $"{(withPrompts - used) / 1048576.0 / Proxies:0.0}");

        var (take, end, estimate) = (Statistics.Median(replay.Takes), Statistics.Median(replay.Ends), Statistics.Median(replay.Estimates));
        Add("processor time at the owner, take / end / estimate, median, us", $"{take:0} / {end:0} / {estimate:0}");
        var remoteTakes = replay.Remote.Takes / (double)trace.Count;
        var remoteEstimates = replay.Remote.Estimates / (double)trace.Count;
        var pings = Proxies * Instances / PingSeconds / PerSecond;
        Add("messages a request: take, start and end / estimates / pings",
            $"{remoteTakes * 5:0.0} / {remoteEstimates * 2:0.0} / {pings * 2:0.0}");
        var (bytes, outline) = (replay.MessageBytes.Whole / (double)trace.Count, replay.MessageBytes.Outline / (double)trace.Count);
        Add("a prompt on its way, mean, to be placed / to be estimated, KB", $"{bytes / 1024:0} / {outline / 1024:0.0}");
        var wire = SerializingMicroseconds(trace, PromptMessages.Of);
        var outlineWire = SerializingMicroseconds(trace, PromptMessages.OutlineOf);
        Add("writing and reading a prompt, to be placed / to be estimated, median, us", $"{wire:0} / {outlineWire:0}");
        foreach (var candidates in new[] { 1, 4, PerName, 64 })
        {
            var asked = candidates == 1 ? 0 : candidates * remoteEstimates / PerName;
            var megabytes = ((bytes * remoteTakes) + (outline * asked)) * PerSecond / Proxies / 1e6;
            var calls = (remoteTakes * 3) + asked + pings;
            var work = (calls * CallMicroseconds) + take + end + (asked * (estimate + outlineWire)) + (remoteTakes * wire);
            Add($"a proxy where each model has {candidates} instances: sent, MB/s / of a core, computed",
                $"{megabytes:0.0} / {work * PerSecond / Proxies / 1e6:0.00}");
        }

        var lost = Enumerable.Range(0, Instances).Where(server => owners[server] < Dead).Select(server => names[server]).ToList();
        for (var proxy = 0; proxy < Dead; proxy++)
            owned[proxy] = -1;
        var moved = ScalePlacement.Place(lost, owned);
        var most = moved.CountBy(static proxy => proxy).Max(static one => one.Value);
        var activation = Statistics.Median(activations) / 1000;
        Add($"{Dead} of {Proxies} proxies lost: servers that move / to one proxy at most", $"{lost.Count} / {most}");
        Add("an activation, calls to llama-server not counted, median / the most of one proxy, ms",
            $"{activation:0.00} / {activation * most:0.0}");

        void Add(string what, FormattableString value) => table.Add($"scale: {what}", value.ToString(CultureInfo.InvariantCulture));
    }
    /// <summary>Of one server.</summary>
    private static double KilobytesOf(long bytes) => bytes / 1024.0 / Instances;

    private static double SerializingMicroseconds(IReadOnlyList<TraceRequest> trace, Func<CanonicalPrompt, PromptMessage?> messageOf)
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        var times = new List<double>();
        foreach (var request in trace.Take(1_000))
        {
            using var prompt = Replay.PromptOf(request.Blocks);
            var message = new EstimateRequest { Prompt = messageOf(prompt) };
            var started = Stopwatch.GetTimestamp();
            serializer.Deserialize<EstimateRequest>(serializer.SerializeToArray(message));
            times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
        }

        return Statistics.Median(times);
    }
}
