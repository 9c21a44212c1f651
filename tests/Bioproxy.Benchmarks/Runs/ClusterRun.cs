using System.Globalization;
using System.Text.Json.Nodes;
using Bioproxy.Benchmarks.Load;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Doubles;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>
/// What it costs that another proxy schedules the server: two proxies of a cluster before one stub backend, asked in turns, and one by
/// itself before another. The costs of a request through the guest are those of both processes. Needs redis-server.
/// </summary>
internal static class ClusterRun
{
    private const string Alone = "alone";
    private const string Owner = "owner";
    private const string Guest = "guest";
    private const int Slots = 16;
    private const int WarmUpTurns = 6;
    private const double MostMedian = 500;
    private const double MostP99 = 3000;
    private const double MostCost = 60;

    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        if (RedisServer.Program is null)
            throw new InvalidOperationException("redis-server is not on the PATH.");
        var (shared, own) = (FreePort.Next(), FreePort.Next());
        await using var redis = new RedisServer();
        await redis.StartAsync();
        await using var one = ChildProcess.StartRole("backend", shared, Slots, 0);
        await using var two = ChildProcess.StartRole("backend", own, Slots, 0);
        await using var load = ChildProcess.StartRole("load");
        await one.UntilListeningAsync(shared, cancellationToken);
        await two.UntilListeningAsync(own, cancellationToken);
        await using var alone = await ProxyProcess.StartAsync(own, "Be brief. <<message>>", cancellationToken);
        await using var first = await StartAsync(shared, redis.Address, cancellationToken);
        await first.UntilAsync(IsRecognised, "The first proxy does not own the server.", cancellationToken);
        await using var second = await StartAsync(shared, redis.Address, cancellationToken);
        await second.UntilAsync(
            static status => (string?)status["backend"]!["owner"] is { } owner && owner != (string?)status["cluster"]!["proxy"],
            "The second proxy does not see the owner.",
            cancellationToken);

        Contestant[] contestants =
            [new(Alone, alone.Process, alone.Port), new(Owner, first.Process, first.Port), new(Guest, second.Process, second.Port)];
        foreach (var (mix, name) in new[] { (Mix.New, "new conversations"), (Mix.Growing, "own conversations") })
        {
            ResultTable.Say($"cluster, {name} …");
            for (var turn = 0; turn < WarmUpTurns; turn++)
            {
                foreach (var contestant in contestants)
                    await Contest.AskAsync(load, contestant, new(mix, 16, Turn), cancellationToken);
            }

            var single = await Contest.HoldAsync(load, contestants, new(mix, 1, Turn, Rounds: 5), cancellationToken);
            var median = single.Added(Guest, Owner);
            var p99 = single.P99(Guest) - single.P99(Owner);
            Add(
                "latency that asking the owner adds, 1 connection, median / p99, us",
                $"{median:0} / {p99:0}",
                string.Create(CultureInfo.InvariantCulture, $"<= {MostMedian:0} / {MostP99:0}"),
                median <= MostMedian && p99 <= MostP99);
            Add(
                "latency, 1 connection, alone / owner / guest, us",
                $"{single.Microseconds(Alone):0} / {single.Microseconds(Owner):0} / {single.Microseconds(Guest):0}");

            var many = await Contest.HoldAsync(load, contestants, new(mix, 16, Turn, Rounds: 5), cancellationToken);
            Add(
                "requests a second, 16 connections, alone / owner / guest",
                $"{many.PerSecond(Alone):0} / {many.PerSecond(Owner):0} / {many.PerSecond(Guest):0}");
            var (through, costs) = await CostAsync(mix);
            Add(
                "processor time a request through the guest, both proxies, above the owner's own, us",
                $"{through - costs:0} ({through:0} - {costs:0})",
                string.Create(CultureInfo.InvariantCulture, $"<= {MostCost:0}"),
                through - costs <= MostCost);
            if (single.Errors + many.Errors > 0)
                Add("failed requests", $"{single.Errors + many.Errors}", "0", isMet: false);

            void Add(string what, FormattableString value, string? goal = null, bool isMet = true)
            {
                var (row, text) = ($"cluster, {name}: {what}", value.ToString(CultureInfo.InvariantCulture));
                if (goal is null)
                    table.Add(row, text);
                else
                    table.Add(row, text, goal, isMet);
            }
        }

        async Task<(double Guest, double Owner)> CostAsync(Mix mix)
        {
            var (guest, owner) = (new List<double>(), new List<double>());
            for (var round = 0; round < 5; round++)
            {
                foreach (var (contestant, list) in new[] { (contestants[2], guest), (contestants[1], owner) })
                {
                    var before = first.Process.ProcessorTime + second.Process.ProcessorTime;
                    var sample = await Contest.AskAsync(load, contestant, new(mix, 16, Turn), cancellationToken);
                    var spent = first.Process.ProcessorTime + second.Process.ProcessorTime - before;
                    list.Add(spent.TotalMicroseconds / Math.Max(1, sample.Load.Requests));
                }
            }

            return (Statistics.Median(guest), Statistics.Median(owner));
        }
    }

    private static bool IsRecognised(JsonNode status) => status["backend"]!["identity"] is not null
        || ((string?)status["backend"]!["owner"] == (string?)status["cluster"]!["proxy"] && status["backend"]!["facts"] is not null);

    private static Task<ProxyProcess> StartAsync(int backend, string redis, CancellationToken cancellationToken) => ProxyProcess.StartAsync(
        backend,
        "Be brief. <<message>>",
        cancellationToken,
        settings: new JsonObject
        {
            ["cluster"] = new JsonObject
            {
                ["redis"] = redis,
                ["name"] = "bench",
                ["advertise"] = $"127.0.0.1:{FreePort.Next()}",
            },
        });
}
