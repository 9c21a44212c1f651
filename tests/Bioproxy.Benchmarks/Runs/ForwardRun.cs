using System.Globalization;
using Bioproxy.Benchmarks.Load;
using Bioproxy.Benchmarks.Report;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>
/// Gated chat requests through the proxy and through the control, in turns. Each of the two has a stub backend of its own, since the
/// control's requests would use slots behind the proxy's back; only one of the two is asked at a time.
/// </summary>
internal static class ForwardRun
{
    private const int Slots = 16;
    private const int Connections = 16;
    private const int Pairs = 6;

    /// <summary>On a machine that is kept busy the just-in-time compiler needs its time: before it is done, half of what is measured is the compiler.</summary>
    private static readonly TimeSpan FirstWarmUp = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LatencyTurn = TimeSpan.FromMilliseconds(700);

    private static readonly (Mix Mix, string Text, bool HasGoal)[] Mixes =
    [
        (Mix.Shared, "same conversation", true),
        (Mix.Growing, "own conversations", true),
        (Mix.New, "new conversations", true),
        (Mix.Streamed, "own, streamed", false),
        (Mix.Templated, "@code + question", false),
    ];

    public static async Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        var (stubA, stubB, controlPort) = (ChildProcess.FreePort(), ChildProcess.FreePort(), ChildProcess.FreePort());
        await using var backendOfControl = ChildProcess.StartRole("backend", stubA, Slots, 0);
        await using var backendOfProxy = ChildProcess.StartRole("backend", stubB, Slots, 0);
        await using var control = ChildProcess.StartRole("control", controlPort, stubA);
        await using var load = ChildProcess.StartRole("load");
        await backendOfControl.UntilListeningAsync(stubA, cancellationToken);
        await backendOfProxy.UntilListeningAsync(stubB, cancellationToken);
        await control.UntilListeningAsync(controlPort, cancellationToken);
        await using var proxy = await ProxyProcess.StartAsync(stubB, string.Concat(Enumerable.Repeat("Follow the rules of this code base. ", 100)) + "<<message>>", cancellationToken);
        await proxy.UntilAsync(status => (string?)status["templates"]?[0]?["state"] == "warm", "The proxy did not warm its template on the stub.", cancellationToken);
        var sides = (Control: new Side(control, controlPort), Proxy: new Side(proxy.Process, proxy.Port));
        var mixes = Environment.GetEnvironmentVariable("BENCH_MIX") is { Length: > 0 } only ? Mixes.Where(m => m.Mix.ToString() == only) : Mixes;
        ResultTable.Say("forward, warming up …");
        foreach (var side in new[] { sides.Control, sides.Proxy })
        {
            await AskAsync(load, side, Connections, FirstWarmUp, Mix.Growing, cancellationToken);
            await AskAsync(load, side, 1, WarmUp, Mix.Growing, cancellationToken);
        }

        foreach (var (mix, text, hasGoal) in mixes)
        {
            ResultTable.Say($"forward, {text} …");
            await AskAsync(load, sides.Control, Connections, WarmUp, mix, cancellationToken);
            await AskAsync(load, sides.Proxy, Connections, WarmUp, mix, cancellationToken);
            var looksBefore = await LooksAsync(stubB, cancellationToken);
            var many = await PairsAsync(load, sides, Connections, Turn, mix, cancellationToken);
            var ratio = Statistics.Median(many.Select(p => p.Proxy.Load.PerSecond / p.Control.Load.PerSecond)) * 100;
            var measured = Text($"{ratio:0} % of control ({Rate(many.Select(p => p.Proxy)):0}/s of {Rate(many.Select(p => p.Control)):0}/s)");
            Add(table, $"forward, {text}: throughput at {Connections} connections", measured, ">= 80 %", ratio >= 80, hasGoal);
            table.Add($"forward, {text}: processor time a request", Text($"{Cpu(many.Select(p => p.Proxy)):0} us (control {Cpu(many.Select(p => p.Control)):0} us)"));
            table.Add($"forward, {text}: p99 at {Connections} connections", Text($"{Statistics.Median(many.Select(p => p.Proxy.Load.P99Microseconds)):0} us (control {Statistics.Median(many.Select(p => p.Control.Load.P99Microseconds)):0} us)"));
            var proxied = many.Select(p => p.Proxy.Load).ToList();
            var looks = (await LooksAsync(stubB, cancellationToken) - looksBefore) / (double)proxied.Sum(r => r.Requests);
            table.Add($"forward, {text}: served from", Text($"hot {Share(proxied, r => r.Hot):0} %, restored {Share(proxied, r => r.Restored):0} %, cold {Share(proxied, r => r.Cold):0} %, {looks:0.00} looks at the slot list a request"));

            var one = await PairsAsync(load, sides, 1, LatencyTurn, mix, cancellationToken);
            var added = Statistics.Median(one.Select(p => p.Proxy.Load.MedianMicroseconds - p.Control.Load.MedianMicroseconds));
            measured = Text($"{added:+0;-0;0} us ({Statistics.Median(one.Select(p => p.Proxy.Load.MedianMicroseconds)):0} us, control {Statistics.Median(one.Select(p => p.Control.Load.MedianMicroseconds)):0} us)");
            Add(table, $"forward, {text}: median latency at 1 connection", measured, "<= +40 us", added <= 40, hasGoal);
            var errors = many.Concat(one).Sum(p => p.Proxy.Load.Errors + p.Control.Load.Errors);
            if (errors > 0)
                table.Add($"forward, {text}: failed requests", Text($"{errors}"), "0", isMet: false);
        }
    }

    /// <summary>Control and proxy in turns, the first of a pair changing.</summary>
    private static async Task<List<(Sample Control, Sample Proxy)>> PairsAsync(
        ChildProcess load, (Side Control, Side Proxy) sides, int connections, TimeSpan time, Mix mix, CancellationToken cancellationToken)
    {
        var pairs = new List<(Sample, Sample)>();
        for (var i = 0; i < Pairs; i++)
        {
            var first = await AskAsync(load, i % 2 == 0 ? sides.Control : sides.Proxy, connections, time, mix, cancellationToken);
            var second = await AskAsync(load, i % 2 == 0 ? sides.Proxy : sides.Control, connections, time, mix, cancellationToken);
            pairs.Add(i % 2 == 0 ? (first, second) : (second, first));
        }

        return pairs;
    }

    private static async Task<Sample> AskAsync(ChildProcess load, Side side, int connections, TimeSpan time, Mix mix, CancellationToken cancellationToken)
    {
        var before = side.Process.ProcessorTime;
        var line = await load.AskAsync(Text($"run {side.Port} {connections} {time.TotalMilliseconds:0} {(int)mix}"), cancellationToken);
        return new Sample(LoadResult.Parse(line), side.Process.ProcessorTime - before);
    }

    private static async Task<long> LooksAsync(int stub, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        return long.Parse(await client.GetStringAsync(new Uri($"http://127.0.0.1:{stub}/looks"), cancellationToken), CultureInfo.InvariantCulture);
    }

    private static void Add(ResultTable table, string name, string measured, string goal, bool isMet, bool hasGoal)
    {
        if (hasGoal)
            table.Add(name, measured, goal, isMet);
        else
            table.Add(name, measured);
    }

    private static double Rate(IEnumerable<Sample> samples) => Statistics.Median(samples.Select(s => s.Load.PerSecond));

    private static double Cpu(IEnumerable<Sample> samples) => Statistics.Median(samples.Select(s => s.ProcessorTime.TotalMicroseconds / s.Load.Requests));

    private static double Share(List<LoadResult> results, Func<LoadResult, int> count) => 100.0 * results.Sum(count) / Math.Max(1, results.Sum(r => r.Requests));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record Side(ChildProcess Process, int Port);

    private sealed record Sample(LoadResult Load, TimeSpan ProcessorTime);
}
