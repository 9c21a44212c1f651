using System.Globalization;
using System.Text;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Doubles;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>What open pages of the dashboard cost the proxy in processor time, while it does nothing and while answers stream.</summary>
internal static class DashboardRun
{
    private const int Pages = 20;
    private const int Streams = 4;
    private const int MillisecondsPerEvent = 50;
    private const double MostOfACore = 0.01;

    /// <summary>Background threads of the runtime still compile what the start used.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(20);

    public static async Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        var port = FreePort.Next();
        await using var stub = ChildProcess.StartRole("backend", port, Streams, MillisecondsPerEvent);
        await stub.UntilListeningAsync(port, cancellationToken);
        await using var proxy = await ProxyProcess.StartAsync(port, "Be brief. <<message>>", cancellationToken);
        await proxy.UntilAsync(
            static status => (string?)status["backend"]?["identity"] is not null,
            "The proxy did not recognise the stub.",
            cancellationToken);

        await CompareAsync(table, proxy, "nothing under way", cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asking = Enumerable.Range(0, Streams).Select(client => AskAsync(client, proxy.Port, stop.Token)).ToList();
        await CompareAsync(table, proxy, $"{Streams} streams of {1000 / MillisecondsPerEvent} events/s", cancellationToken);
        await stop.CancelAsync();
        await Task.WhenAll(asking);
    }

    /// <summary>One conversation after the other, so that something is always under way.</summary>
    private static async Task AskAsync(int client, int port, CancellationToken stop)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        try
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var body = $$"""{"stream":true,"messages":[{"role":"user","content":"Question {{i}} of {{client}}"}]}""";
                using var content = new StringContent(body, Encoding.UTF8, "application/json");
                using var response = await http.PostAsync(new Uri($"http://127.0.0.1:{port}/v1/chat/completions"), content, stop);
                response.EnsureSuccessStatusCode();
            }
        }
        catch (OperationCanceledException)
        {
            // measured
        }
    }

    private static async Task CompareAsync(ResultTable table, ProxyProcess proxy, string name, CancellationToken cancellationToken)
    {
        await ShareAsync(proxy, Settling, cancellationToken);
        var without = await ShareAsync(proxy, Window, cancellationToken);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var pages = new List<Page>();
        try
        {
            for (var i = 0; i < Pages; i++)
                pages.Add(await Page.OpenAsync(client, new Uri(proxy.Admin, "events"), cancellationToken));
            await ShareAsync(proxy, Settling, cancellationToken);
            var before = pages.Sum(static page => page.Bytes);
            var with = await ShareAsync(proxy, Window, cancellationToken);
            var bytes = (pages.Sum(static page => page.Bytes) - before) / Pages / Window.TotalSeconds;
            var cost = with - without;
            table.Add(
                $"dashboard, {Pages} pages, {name}: processor time of the pages",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{cost * 100:0.0} % of a core ({with * 100:0.0} with, {without * 100:0.0} without; {bytes / 1024:0.0} KB/s each)"),
                "< 1 % of a core",
                cost < MostOfACore);
        }
        finally
        {
            foreach (var page in pages)
                await page.DisposeAsync();
        }
    }

    private static async Task<double> ShareAsync(ProxyProcess proxy, TimeSpan window, CancellationToken cancellationToken)
    {
        var before = proxy.Process.ProcessorTime;
        var started = TimeProvider.System.GetTimestamp();
        await Task.Delay(window, cancellationToken);
        return (proxy.Process.ProcessorTime - before) / TimeProvider.System.GetElapsedTime(started);
    }

    private sealed class Page : IAsyncDisposable
    {
        private readonly HttpResponseMessage _response;
        private readonly CancellationTokenSource _end = new();
        private readonly Task _reading;
        private long _bytes;

        private Page(HttpResponseMessage response)
        {
            _response = response;
            _reading = ReadAsync();
        }

        public long Bytes => Interlocked.Read(ref _bytes);

        public static async Task<Page> OpenAsync(HttpClient client, Uri events, CancellationToken cancellationToken)
        {
            var response = await client.GetAsync(events, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            response.EnsureSuccessStatusCode();
            return new Page(response);
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await _reading;
            _response.Dispose();
            _end.Dispose();
        }

        private async Task ReadAsync()
        {
            var buffer = new byte[64 * 1024];
            try
            {
                using var stream = await _response.Content.ReadAsStreamAsync(_end.Token);
                while (await stream.ReadAsync(buffer, _end.Token) is > 0 and var read)
                    Interlocked.Add(ref _bytes, read);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // closed
            }
        }
    }
}
