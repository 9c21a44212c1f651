using System.Diagnostics;
using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;

namespace Bioproxy.ClusterProcess;

/// <summary>What a cluster costs: joining it, a call in the same process and to another one, and a grain.</summary>
internal static class Measurement
{
    private const int Calls = 5000;

    public static async Task RunAsync(ClusterNode node, FakeClusterHost host, string otherServer)
    {
        var before = Cost();
        var watch = Stopwatch.StartNew();
        await node.StartAsync(CancellationToken.None);
        var after = Cost();
        Console.WriteLine($"joined in {watch.ElapsedMilliseconds} ms ({node.Problem ?? "no problem"}): assemblies {before.Assemblies} -> "
            + $"{after.Assemblies}, heap {before.Heap} -> {after.Heap} KB, working set {before.Megabytes} -> {after.Megabytes} MB, "
            + $"processor {after.Processor - before.Processor:F0} ms");
        if (host.Servers.Count > 100)
        {
            Console.WriteLine($"{host.Owned.Count} grains");
            return;
        }

        await SettleAsync(node, host.Servers.Append(otherServer));
        foreach (var server in host.Servers.Append(otherServer).Distinct())
            Console.WriteLine($"{server} is owned by {node.LinkTo(server).Owner}");
        var own = host.Servers.First(server => node.LinkTo(server).Owner == node.Name);
        await MeasureAsync("same process", node, own);
        await MeasureAsync("other process", node, otherServer);
    }

    private static async Task SettleAsync(ClusterNode node, IEnumerable<string> servers)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(20); await Task.Delay(50))
        {
            if (servers.All(server => node.LinkTo(server).Owner is not null)) return;
        }
    }

    private static async Task MeasureAsync(string what, ClusterNode node, string server)
    {
        var link = node.LinkTo(server);
        foreach (var size in (int[])[0, 40_000])
        {
            var prompt = new PromptMessage { Text = new byte[size], Length = size, Hashes = new byte[size / 16] };
            var times = new List<double>(Calls);
            for (var call = 0; call < Calls + 500; call++)
            {
                var turn = new TurnRequest { Turn = Guid.NewGuid(), Proxy = node.Name, Prompt = prompt };
                var start = Stopwatch.GetTimestamp();
                var answer = await link.TakeAsync(turn, CancellationToken.None);
                var took = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
                link.End(turn.Turn, new TurnOutcome { IsComplete = true });
                if (call >= 500 && answer is not null) times.Add(took);
            }

            times.Sort();
            Console.WriteLine($"{what}, prompt of {size} bytes: {times.Count} turns, median {times[times.Count / 2]:F0} us, "
                + $"p99 {times[times.Count * 99 / 100]:F0} us");
        }
    }

    private static (int Assemblies, long Megabytes, long Heap, double Processor) Cost()
    {
        using var process = Process.GetCurrentProcess();
        return (
            AppDomain.CurrentDomain.GetAssemblies().Length, process.WorkingSet64 >> 20,
            GC.GetTotalMemory(forceFullCollection: true) >> 10, process.TotalProcessorTime.TotalMilliseconds);
    }
}
