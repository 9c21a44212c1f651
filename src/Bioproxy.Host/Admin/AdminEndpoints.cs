using System.Buffers;
using System.Text;
using System.Text.Json;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Admin;

/// <summary>What the admin listener serves: views, and the clean-up of snapshots.</summary>
internal sealed class AdminEndpoints
{
    private const string Overview = """
        bioproxy, admin port

        GET /health    whether requests can be served: 200 or 503, with the reasons as JSON
        GET /metrics   for Prometheus
        GET /status    what is known: backend, queue, slots, templates, snapshots, plugins, restores
        GET /explain/{request-id}   why a request went where it went (X-Bioproxy-Request-Id)
        POST /plugins/reload        look at the plugin folders now (Content-Type: application/json)
        GET /kv        the snapshots; bioproxy kv shows them as a table, and cleans up

        """;

    private readonly HealthView _health;
    private readonly StatusView _status;
    private readonly MetricsExporter _exporter;
    private readonly KvAdmin _kv;
    private readonly PluginAdmin _pluginAdmin;
    private readonly ExplanationLog _explanations;

    /// <param name="monitor">The backend.</param>
    /// <param name="queue">Who waits.</param>
    /// <param name="table">What slots hold.</param>
    /// <param name="store">The snapshots.</param>
    /// <param name="recognition">The model's identity.</param>
    /// <param name="effects">What restores were worth.</param>
    /// <param name="library">The templates' files.</param>
    /// <param name="warmUps">The state of every template's KV cache.</param>
    /// <param name="plugins">The state of every plugin.</param>
    /// <param name="proxyAddresses">Where clients connect, once the listeners are up.</param>
    /// <param name="kv">What may be done with snapshots.</param>
    /// <param name="pluginAdmin">What may be done with plugins.</param>
    /// <param name="explanations">Of the last requests.</param>
    /// <param name="metrics">Where the gauges of others' state are registered.</param>
    /// <param name="exporter">Renders the metrics.</param>
    /// <param name="options">The configuration.</param>
    /// <param name="time">The clock; uptime counts from here.</param>
    public AdminEndpoints(
        BackendMonitor monitor,
        SlotQueue queue,
        SlotTable table,
        SnapshotStore store,
        ModelRecognition recognition,
        EffectLedger effects,
        TemplateLibrary library,
        Func<IReadOnlyList<WarmUpStatus>> warmUps,
        Func<IReadOnlyList<PluginStatus>> plugins,
        Func<IReadOnlyList<string>> proxyAddresses,
        KvAdmin kv,
        PluginAdmin pluginAdmin,
        ExplanationLog explanations,
        ProxyMetrics metrics,
        MetricsExporter exporter,
        ProxyOptions options,
        TimeProvider time)
    {
        var run = new Run(time);
        _health = new HealthView(run, monitor, effects, library, warmUps, plugins, options);
        _status = new StatusView(run, monitor, queue, table, store, recognition, effects, library, warmUps, plugins, proxyAddresses, options);
        _exporter = exporter;
        _kv = kv;
        _pluginAdmin = pluginAdmin;
        _explanations = explanations;
        StateGauges.Register(metrics, monitor, queue, table, store, warmUps);
    }

    public Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "";
        if (HttpMethods.IsPost(http.Request.Method) && path is "/kv/drop" or "/kv/gc" or "/plugins/reload")
            return ChangeAsync(http, path);
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.Headers.Allow = "GET, HEAD";
            return WriteErrorAsync(http, StatusCodes.Status405MethodNotAllowed, "method_not_allowed", "The admin port answers GET and HEAD here.");
        }

        switch (path)
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
            case "/kv":
                return WriteAsync(http, StatusCodes.Status200OK, "application/json", _kv.List());
            case not null when path.StartsWith("/kv/", StringComparison.Ordinal):
                return _kv.Show(path[4..]) is { } snapshot
                    ? WriteAsync(http, StatusCodes.Status200OK, "application/json", snapshot)
                    : WriteErrorAsync(http, StatusCodes.Status404NotFound, "not_found", "There is no such snapshot; GET /kv lists them.");
            case not null when path.StartsWith("/explain/", StringComparison.Ordinal):
                return _explanations.Find(path[9..]) is { } explanation
                    ? WriteJsonAsync(http, StatusCodes.Status200OK, writer => ExplainView.Write(writer, explanation))
                    : WriteErrorAsync(http, StatusCodes.Status404NotFound, "not_found", "Of this request nothing is known: the last 1,000 prompts are explained, by the X-Bioproxy-Request-Id of their answer, once they have ended.");
            case "/":
                return WriteAsync(http, StatusCodes.Status200OK, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(Overview));
            default:
                return WriteErrorAsync(http, StatusCodes.Status404NotFound, "not_found", "The admin port has no such page: there are /health, /metrics, /status, /explain/{request-id} and /kv; POST /plugins/reload.");
        }
    }

    /// <summary>A page in somebody's browser can send a plain form to this port, but no JSON: so only that may change anything.</summary>
    private async Task ChangeAsync(HttpContext http, string path)
    {
        if (http.Request.ContentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) != true)
        {
            await WriteErrorAsync(http, StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Send Content-Type: application/json.").ConfigureAwait(false);
            return;
        }

        var query = http.Request.Query;
        var answer = path switch
        {
            "/plugins/reload" => await _pluginAdmin.ReloadAsync(http.RequestAborted).ConfigureAwait(false),
            "/kv/gc" => _kv.CleanUp(query["dry_run"] == "true"),
            _ => _kv.Drop(query["file"], query["domain"]),
        };
        await WriteAsync(http, StatusCodes.Status200OK, "application/json", answer).ConfigureAwait(false);
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
