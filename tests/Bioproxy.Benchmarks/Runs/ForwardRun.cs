using System.Globalization;
using Bioproxy.Benchmarks.Controls;
using Bioproxy.Benchmarks.Load;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Doubles;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>
/// Gated chat requests through Bioproxy and through its controls, in turns: a bare forwarder, YARP and nginx. The controls share one stub
/// backend and Bioproxy has another, because requests that bypass it would take slots it believes to be free; only one contestant is asked
/// at a time.
/// </summary>
internal static class ForwardRun
{
    private const string Bare = "bare";
    private const string Yarp = "YARP";
    private const string Nginx = "nginx";
    private const string Bioproxy = "Bioproxy";
    private const int Slots = 16;
    private const int Connections = 16;

    /// <summary>While the just-in-time compiler is busy, a good part of what is measured is the compiler (6 % of Bioproxy after 13 s of
    /// load on two cores, less than 1 % after a minute).</summary>
    private static readonly TimeSpan FirstWarmUp = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan LatencyTurn = TimeSpan.FromMilliseconds(700);

    private static readonly (Mix Mix, string Text, Goals Goals)[] Mixes =
    [
        (Mix.Shared, "same conversation", Goals.Latency),
        (Mix.Growing, "own conversations", Goals.Latency | Goals.Throughput),
        (Mix.New, "new conversations", Goals.Latency),
        (Mix.Streamed, "own, streamed", Goals.None),
        (Mix.Templated, "@code + question", Goals.None),
    ];

    [Flags]
    private enum Goals
    {
        None = 0,
        Latency = 1,
        Throughput = 2,
    }

    public static async Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        var (stubOfControls, stubOfBioproxy) = (FreePort.Next(), FreePort.Next());
        var (barePort, yarpPort, nginxPort) = (FreePort.Next(), FreePort.Next(), FreePort.Next());
        await using var backendOfControls = ChildProcess.StartRole("backend", stubOfControls, Slots, 0);
        await using var backendOfBioproxy = ChildProcess.StartRole("backend", stubOfBioproxy, Slots, 0);
        await using var bare = ChildProcess.StartRole("bare", barePort, stubOfControls);
        await using var yarp = ChildProcess.StartRole("yarp", yarpPort, stubOfControls);
        await using var load = ChildProcess.StartRole("load");
        await backendOfControls.UntilListeningAsync(stubOfControls, cancellationToken);
        await backendOfBioproxy.UntilListeningAsync(stubOfBioproxy, cancellationToken);
        await bare.UntilListeningAsync(barePort, cancellationToken);
        await yarp.UntilListeningAsync(yarpPort, cancellationToken);
        await using var nginx = NginxProcess.Program is { } program
            ? await NginxProcess.StartAsync(program, nginxPort, stubOfControls, cancellationToken)
            : null;
        var template = string.Concat(Enumerable.Repeat("Follow the rules of this code base. ", 100)) + "<<message>>";
        await using var proxy = await ProxyProcess.StartAsync(stubOfBioproxy, template, cancellationToken);
        await proxy.UntilAsync(
            status => (string?)status["templates"]?[0]?["state"] == "warm", "The proxy did not warm its template on the stub.",
                cancellationToken);

        List<Contestant> contestants = [new(Bare, bare, barePort), new(Yarp, yarp, yarpPort), new(Bioproxy, proxy.Process, proxy.Port)];
        if (nginx is null)
            ResultTable.Say("forward: there is no nginx, so that control is left out");
        else
            contestants.Insert(2, new(Nginx, nginx.Process, nginxPort));

        ResultTable.Say("forward, warming up …");
        foreach (var contestant in contestants.Where(contestant => contestant.Name != Nginx))
        {
            await Contest.AskAsync(load, contestant, new(Mix.Growing, Connections, FirstWarmUp), cancellationToken);
            await Contest.AskAsync(load, contestant, new(Mix.Growing, 1, WarmUp), cancellationToken);
        }

        var only = Environment.GetEnvironmentVariable("BENCH_MIX");
        foreach (var (mix, text, goals) in Mixes.Where(each => string.IsNullOrEmpty(only) || each.Mix.ToString() == only))
        {
            ResultTable.Say($"forward, {text} …");
            foreach (var contestant in contestants)
                await Contest.AskAsync(load, contestant, new(mix, Connections, WarmUp), cancellationToken);
            var before = await SlotListsAsync(stubOfBioproxy, cancellationToken);
            var many = await Contest.HoldAsync(load, contestants, new(mix, Connections, Turn), cancellationToken);
            var lists = await SlotListsAsync(stubOfBioproxy, cancellationToken) - before;
            AddThroughput(table, text, many, goals.HasFlag(Goals.Throughput));
            AddSources(table, text, many, lists);

            var one = await Contest.HoldAsync(load, contestants, new(mix, 1, LatencyTurn), cancellationToken);
            AddLatency(table, text, one, goals.HasFlag(Goals.Latency));
            if (many.Errors + one.Errors is > 0 and var errors)
                table.Add($"forward, {text}: failed requests", Text($"{errors}"), "0", isMet: false);
        }
    }

    private static void AddThroughput(ResultTable table, string text, Contest many, bool hasGoal)
    {
        var name = $"forward, {text}, {Connections} connections";
        table.Add($"{name}: requests/s", All(many, many.PerSecond));
        table.Add($"{name}: median latency, us", All(many, many.Microseconds));
        table.Add($"{name}: p99, us", All(many, many.P99));
        table.Add($"{name}: processor time a request, us", All(many, many.ProcessorMicroseconds));
        table.Add($"{name}: throughput against the bare forwarder", Text($"{many.Ratio(Bioproxy, Bare):0.00}"));
        AddRatio(Yarp, 1);
        if (many.Has(Nginx))
            AddRatio(Nginx, 0.5);

        void AddRatio(string control, double goal)
        {
            var ratio = many.Ratio(Bioproxy, control);
            if (hasGoal)
                table.Add($"{name}: throughput against {control}", Text($"{ratio:0.00}"), Text($">= {goal:0.00}"), ratio >= goal);
            else
                table.Add($"{name}: throughput against {control}", Text($"{ratio:0.00}"));
        }
    }

    private static void AddSources(ResultTable table, string text, Contest many, long lists)
    {
        var requests = Math.Max(1, many.Of(Bioproxy).Sum(sample => sample.Load.Requests));
        var (hot, restored) = (many.Share(Bioproxy, r => r.Hot), many.Share(Bioproxy, r => r.Restored));
        var measured = Text($"hot {hot:0} %, restored {restored:0} %, cold {many.Share(Bioproxy, r => r.Cold):0} %");
        table.Add($"forward, {text}: cache results; slot lists read per request", Text($"{measured}; {lists / (double)requests:0.00}"));
    }

    private static void AddLatency(ResultTable table, string text, Contest one, bool hasGoal)
    {
        var name = $"forward, {text}, 1 connection";
        table.Add($"{name}: requests/s", All(one, one.PerSecond));
        table.Add($"{name}: median latency, us", All(one, one.Microseconds));
        var added = one.Added(Bioproxy, Bare);
        if (hasGoal)
            table.Add($"{name}: latency above the bare forwarder", Text($"{added:+0;-0;0} us"), "<= +40 us", added <= 40);
        else
            table.Add($"{name}: latency above the bare forwarder", Text($"{added:+0;-0;0} us"));
    }

    private static string All(Contest contest, Func<string, double> value) =>
        string.Join(", ", new[] { Bare, Yarp, Nginx, Bioproxy }.Where(contest.Has).Select(name => Text($"{name} {value(name):0}")));

    /// <summary>How often the stub was asked for its slot list.</summary>
    private static async Task<long> SlotListsAsync(int stub, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        return long.Parse(
            await client.GetStringAsync(new Uri($"http://127.0.0.1:{stub}/looks"), cancellationToken), CultureInfo.InvariantCulture);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
