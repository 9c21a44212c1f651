using System.Buffers;
using System.Text;
using System.Text.Json;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Slots;
using Bioproxy.Host.Snapshots;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Admin;

/// <summary>What the admin listener serves: read-only views, nothing that changes anything.</summary>
internal sealed class AdminEndpoints
{
    private const string Overview = """
        bioproxy, admin port

        GET /health    whether requests can be served: 200 or 503, with the reasons as JSON
        GET /metrics   for Prometheus
        GET /status    what is known: backend, queue, slots, templates, snapshots, plugins, restores

        """;

    private readonly HealthView _health;
    private readonly StatusView _status;
    private readonly MetricsExporter _exporter;

    /// <param name="monitor">The backend.</param>
    /// <param name="queue">Who waits.</param>
    /// <param name="table">What slots hold.</param>
    /// <param name="catalogue">The snapshots.</param>
    /// <param name="recognition">The model's identity.</param>
    /// <param name="effects">What restores were worth.</param>
    /// <param name="library">The templates' files.</param>
    /// <param name="warmUps">The state of every template's KV cache.</param>
    /// <param name="plugins">The state of every plugin.</param>
    /// <param name="proxyAddresses">Where clients connect, once the listeners are up.</param>
    /// <param name="metrics">Where the gauges of others' state are registered.</param>
    /// <param name="exporter">Renders the metrics.</param>
    /// <param name="options">The configuration.</param>
    /// <param name="time">The clock; uptime counts from here.</param>
    public AdminEndpoints(
        BackendMonitor monitor,
        SlotQueue queue,
        SlotTable table,
        SnapshotCatalogue catalogue,
        ModelRecognition recognition,
        EffectLedger effects,
        TemplateLibrary library,
        Func<IReadOnlyList<WarmUpStatus>> warmUps,
        Func<IReadOnlyList<PluginStatus>> plugins,
        Func<IReadOnlyList<string>> proxyAddresses,
        ProxyMetrics metrics,
        MetricsExporter exporter,
        ProxyOptions options,
        TimeProvider time)
    {
        var run = new Run(time);
        _health = new HealthView(run, monitor, effects, library, warmUps, plugins, options);
        _status = new StatusView(run, monitor, queue, table, catalogue, recognition, effects, library, warmUps, plugins, proxyAddresses, options);
        _exporter = exporter;
        StateGauges.Register(metrics, monitor, queue, table, catalogue, warmUps);
    }

    public Task HandleAsync(HttpContext http)
    {
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.Headers.Allow = "GET, HEAD";
            return WriteErrorAsync(http, StatusCodes.Status405MethodNotAllowed, "method_not_allowed", "The admin port only answers GET and HEAD.");
        }

        switch (http.Request.Path.Value)
        {
            case "/health":
                var health = _health.Read();
                return WriteJsonAsync(http, health.IsServing ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, writer => _health.Write(writer, health));
            case "/status":
                return WriteJsonAsync(http, StatusCodes.Status200OK, _status.Write);
            case "/metrics":
                var metrics = new ArrayBufferWriter<byte>(16 * 1024);
                _exporter.Scrape(metrics);
                return WriteAsync(http, StatusCodes.Status200OK, MetricsExporter.ContentType, metrics.WrittenMemory);
            case "/":
                return WriteAsync(http, StatusCodes.Status200OK, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(Overview));
            default:
                return WriteErrorAsync(http, StatusCodes.Status404NotFound, "not_found", "The admin port has no such page: there are /health, /metrics and /status.");
        }
    }

    // The shape of the OpenAI API's errors, like every error of the proxy.
    private static Task WriteErrorAsync(HttpContext http, int status, string code, string message) => WriteJsonAsync(http, status, writer =>
    {
        writer.WriteStartObject("error");
        writer.WriteString("message", message);
        writer.WriteString("type", "invalid_request_error");
        writer.WriteNull("param");
        writer.WriteString("code", code);
        writer.WriteString("src", "bioproxy");
        writer.WriteEndObject();
    });

    private static Task WriteJsonAsync(HttpContext http, int status, Action<Utf8JsonWriter> members) =>
        WriteAsync(http, status, "application/json", AdminJson.Document(members));

    private static async Task WriteAsync(HttpContext http, int status, string contentType, ReadOnlyMemory<byte> body)
    {
        var response = http.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(http.Request.Method))
            await response.Body.WriteAsync(body, http.RequestAborted).ConfigureAwait(false);
    }
}
