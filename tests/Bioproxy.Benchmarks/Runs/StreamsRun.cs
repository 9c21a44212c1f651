using System.Globalization;
using System.Text.Json.Nodes;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Doubles;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>Many open streams with one event a second each, before one backend and before four, and the memory that the proxy needs for
/// them.</summary>
internal static class StreamsRun
{
    private const int Seconds = 10;

    /// <summary>Requests that arrive at the same moment are not spread to the last slot.</summary>
    private const int Spare = 10;

    /// <summary>A request that is routed, queued and forwarded, while fifty others begin within the same second.</summary>
    private const double MostSecondsToFirstEvent = 1;

    public static async Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        await RunAsync(table, backends: 1, streams: 500, megabytes: 150, cancellationToken);
        await RunAsync(table, backends: 4, streams: 1000, megabytes: 250, cancellationToken);
    }

    private static async Task RunAsync(ResultTable table, int backends, int streams, int megabytes, CancellationToken cancellationToken)
    {
        var slots = (streams / backends) + (backends > 1 ? Spare : 0);
        var ports = Enumerable.Range(0, backends).Select(static _ => FreePort.Next()).ToList();
        var stubs = ports.Select(port => ChildProcess.StartRole("backend", port, slots, 1000)).ToList();
        try
        {
            await Task.WhenAll(ports.Zip(stubs, (port, stub) => stub.UntilListeningAsync(port, cancellationToken)));
            await using var proxy = await ProxyProcess.StartAsync(ports, "Be brief. <<message>>", cancellationToken);
            await proxy.UntilAsync(
                status => Places(status).Count(place => (int?)place["queue"]?["capacity"] == slots
                    && (string?)place["backend"]?["identity"] is not null) == backends,
                "The proxy did not recognise the stubs.",
                cancellationToken);
            await MeasureAsync(table, proxy, $"streams, {streams} open over {backends}", streams, megabytes, cancellationToken);
        }
        finally
        {
            foreach (var stub in stubs)
                await stub.DisposeAsync();
        }
    }

    private static async Task MeasureAsync(
        ResultTable table, ProxyProcess proxy, string name, int streams, int megabytes, CancellationToken cancellationToken)
    {
        var idle = proxy.Process.ResidentMegabytes;
        await using var clients = ChildProcess.StartRole("streams", proxy.Port, streams);
        var open = (await clients.ReadLineAsync(cancellationToken)).Split(' ');
        if (open[..3] is not ["open", var first, "0"] || first != streams.ToString(CultureInfo.InvariantCulture))
        {
            throw new InvalidOperationException(
                $"Not all streams were opened: {string.Join(' ', open)} (first events, ended)\n{proxy.Log}");
        }

        var resident = 0.0;
        var events = new List<double>();
        var ended = 0;
        for (var second = 0; second < Seconds; second++)
        {
            var words = (await clients.ReadLineAsync(cancellationToken)).Split(' ');
            events.Add(double.Parse(words[1], CultureInfo.InvariantCulture));
            ended = int.Parse(words[2], CultureInfo.InvariantCulture);
            resident = Math.Max(resident, proxy.Process.ResidentMegabytes);
        }

        var places = Places(await proxy.UntilAsync(static _ => true, "", cancellationToken));
        table.Add(
            $"{name}: resident memory of the proxy",
            string.Create(CultureInfo.InvariantCulture, $"{resident:0} MB (idle {idle:0} MB, {Statistics.Median(events):0} events/s)"),
            $"< {megabytes} MB",
            resident < megabytes);
        if (places.Count == 1)
            return;
        var served = string.Join(" + ", places.Select(static place => (int?)place["queue"]?["used"]));
        var seconds = double.Parse(open[3], CultureInfo.InvariantCulture);
        table.Add(
            $"{name}: slowest first event",
            string.Create(CultureInfo.InvariantCulture, $"{seconds:0.00} s ({ended} ended; {served} served)"),
            string.Create(CultureInfo.InvariantCulture, $"< {MostSecondsToFirstEvent} s, none ends"),
            seconds < MostSecondsToFirstEvent && ended == 0);
    }

    /// <summary>The backends of a status: where there is only one, the status itself.</summary>
    private static IReadOnlyList<JsonNode> Places(JsonNode status) =>
        status["models"] is JsonArray { Count: > 0 } models ? [.. models.Select(static model => model!)] : [status];
}
