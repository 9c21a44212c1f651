using System.Globalization;
using Bioproxy.Benchmarks.Report;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>Many open streams with one event a second each, and the memory that the proxy needs for them.</summary>
internal static class StreamsRun
{
    private const int Streams = 500;
    private const int Seconds = 10;

    public static async Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        var stub = ChildProcess.FreePort();
        await using var backend = ChildProcess.StartRole("backend", stub, Streams, 1000);
        await backend.UntilListeningAsync(stub, cancellationToken);
        await using var proxy = await ProxyProcess.StartAsync(stub, "Be brief. <<message>>", cancellationToken);
        await proxy.UntilAsync(status => (int?)status["queue"]?["capacity"] == Streams
            && (string?)status["backend"]?["identity"] is not null, "The proxy did not recognise the stub.", cancellationToken);
        var idle = proxy.Process.ResidentMegabytes;
        await using var clients = ChildProcess.StartRole("streams", proxy.Port, Streams);
        var open = await clients.ReadLineAsync(cancellationToken);
        if (open != $"open {Streams} 0")
            throw new InvalidOperationException($"Not all streams were opened: {open} (first events, ended)\n{proxy.Log}");
        var resident = 0.0;
        var events = new List<double>();
        for (var second = 0; second < Seconds; second++)
        {
            events.Add(double.Parse((await clients.ReadLineAsync(cancellationToken)).Split(' ')[1], CultureInfo.InvariantCulture));
            resident = Math.Max(resident, proxy.Process.ResidentMegabytes);
        }

        table.Add(
            $"streams, {Streams} open: resident memory of the proxy",
            string.Create(CultureInfo.InvariantCulture, $"{resident:0} MB (idle {idle:0} MB, {Statistics.Median(events):0} events/s)"),
            "< 150 MB",
            resident < 150);
    }
}
