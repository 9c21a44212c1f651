using System.Diagnostics;
using System.Globalization;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Doubles;
using Bioproxy.Host.Http;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>What a step of a request costs without and with tracing: the steps of the whole path, their share of the request's own span
/// included. Spans are pushed to a receiver in this process, which only keeps them.</summary>
internal static class TraceRun
{
    /// <summary>A burst's spans fit into the exporter's queue (2,048); more would be dropped, which is cheap.</summary>
    private const int Requests = 180;
    private const int Bursts = 60;
    private const int WarmUps = 20;

    private static readonly RequestStep[] Steps =
        [.. Enum.GetValues<RequestStep>().Where(static step => step is not (RequestStep.None or RequestStep.Forward))];

    public static async Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        var none = await MeasureAsync(null, takesSteps: false, cancellationToken);
        var off = await MeasureAsync(null, takesSteps: true, cancellationToken);
        await using var receiver = OtlpReceiver.Start();
        var on = await MeasureAsync(receiver.Endpoint, takesSteps: true, cancellationToken);
        var step = Math.Max(0, off.Microseconds - none.Microseconds);
        var bytes = Math.Max(0, off.Bytes - none.Bytes) / Steps.Length;
        table.Add("trace, off: a step", Text($"{step:0.000} us, {bytes:0} bytes"), "< 0.1 us, none", step < 0.1 && bytes < 1);
        table.Add(
            "trace, on: a step, on the request's thread",
            Text($"{on.Microseconds:0.00} us, {on.Bytes / Steps.Length:0} bytes"),
            "< 5 us",
            on.Microseconds < 5);
        table.Add("trace, on: a step, all CPU time, export and receiver included", Text($"{on.Cpu:0.0} us"));
    }

    /// <returns>For each step: the median time on the request's thread, and all CPU time; for each request: the bytes allocated.</returns>
    private static async Task<(double Microseconds, double Cpu, double Bytes)> MeasureAsync(
        Uri? endpoint, bool takesSteps, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        using var metrics = new ProxyMetrics(time);
        using var tracing = new RequestTracing(endpoint);
        var report = new RequestReport(metrics, tracing, new RequestJournal(time), time, NullLogger<RequestPath>.Instance);
        var route = Routes.Of("POST", "/v1/chat/completions");
        var sink = new ClientSink(new DefaultHttpContext());
        var headers = new HeaderDictionary();
        for (var i = 0; i < WarmUps; i++)
        {
            Burst();
            await Task.Delay(5, cancellationToken);
        }

        var times = new double[Bursts];
        var bytes = 0L;
        var before = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < Bursts; i++)
        {
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var started = Stopwatch.GetTimestamp();
            Burst();
            times[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds / (Requests * Steps.Length);
            bytes += GC.GetAllocatedBytesForCurrentThread() - allocated;
            await Task.Delay(20, cancellationToken); // the queue empties
        }

        var cpu = (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / (Bursts * Requests * Steps.Length);
        return (Statistics.Median(times), cpu, bytes / (double)(Bursts * Requests));

        void Burst()
        {
            for (var i = 0; i < Requests; i++)
            {
                var exchange = new Exchange(sink, route, time.GetTimestamp());
                using var active = report.Begin(exchange, "bench", headers, CancellationToken.None);
                if (!takesSteps)
                    continue;
                foreach (var step in Steps)
                    report.Enters(exchange, step);
            }
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
