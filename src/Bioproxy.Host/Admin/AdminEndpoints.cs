using System.Text;
using Bioproxy.Host.Cluster;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Admin;

/// <summary>What the admin listener serves: health, metrics and status, explanations, and operations on snapshots, plugins
/// and models.</summary>
internal sealed class AdminEndpoints(
    IProxyState state,
    MetricsExporter metrics,
    BackendMetrics backends,
    AdminOperations operations,
    ExplanationLog explanations,
    LiveOptions options,
    Uptime uptime,
    ProxyCluster? cluster = null)
{
    private const string Json = "application/json";

    private const string Overview = """
        bioproxy, admin port: open this address in a browser for the dashboard

        GET  /health                 whether requests can be served: 200 or 503, with the reasons as JSON
        GET  /health/ready           the same, and 503 until it has met its cluster and as soon as it is stopping: for load balancers
        GET  /metrics                metrics for Prometheus
        GET  /status                 backend, queue, slots, templates, snapshots, plugins and restores as JSON
        GET  /explain/{request-id}   why a request was placed where it was (the id is in X-Bioproxy-Request-Id)
        GET  /misses                 what was computed again, by client and cause, as JSON (bioproxy misses shows it as a table)
        GET  /cluster                the proxies that act as one, and which server each schedules; ?status=true with /status of each
        GET  /cluster/{proxy}/…      what another proxy of the cluster answers to /status, /kv, /explain, /misses; POST as below
        GET  /kv                     the snapshots as JSON (bioproxy kv list shows them as a table)
        GET  /kv/{file}              one snapshot
        GET  /logs/{model}           the last lines that the server of a pool's model wrote, as text

        With Content-Type: application/json:
        POST /kv/drop                remove snapshots: ?file=… or ?domain=…
        POST /kv/gc                  remove what exceeds the limits of the configuration; ?dry_run=true only reports
        POST /plugins/reload         load, replace and remove plugins to match the plugin folders
        POST /models/{name}/load     load a model of the pool or of a router, and wait until it is loaded
        POST /models/{name}/unload   unload it as soon as it is idle; ?wait=false answers at once

        """;

    private readonly HealthPage _health = new(state, uptime);
    private readonly StatusPage _status = new(state, options, uptime, cluster);
    private readonly ClusterPage? _cluster = cluster is null ? null : new ClusterPage(cluster);

    public Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "";
        var changes = path is "/kv/drop" or "/kv/gc" or "/plugins/reload" || ModelCall(path) is not null;
        if (HttpMethods.IsPost(http.Request.Method) && changes)
            return ChangeAsync(http, path);
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.Headers.Allow = "GET, HEAD";
            return WriteErrorAsync(
                http, StatusCodes.Status405MethodNotAllowed, "method_not_allowed", "This path accepts GET and HEAD only.");
        }

        return path switch
        {
            "/" => WriteAsync(http, StatusCodes.Status200OK, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(Overview)),
            "/health" => WriteHealthAsync(http),
            "/health/ready" => WriteHealthAsync(http, isForBalancers: true),
            "/cluster" when _cluster is { } page => WriteClusterAsync(http, page),
            "/cluster" => WriteFoundAsync(http, null, "This proxy is in no cluster: its configuration has no \"cluster\"."),
            "/status" => WriteAsync(http, StatusCodes.Status200OK, Json, AdminJson.Document(_status.Write)),
            "/metrics" => WriteMetricsAsync(http),
            "/misses" => WriteAsync(
                http, StatusCodes.Status200OK, Json, AdminJson.Document(writer => MissesPage.Write(writer, explanations.Misses))),
            "/kv" => WriteAsync(http, StatusCodes.Status200OK, Json, operations.Kv.List()),
            _ when After(path, "/logs/") is { } model => WriteLogAsync(http, model),
            _ when After(path, "/kv/") is { } file => WriteFoundAsync(
                http, operations.Kv.Show(file), "No such snapshot. GET /kv lists them."),
            _ when After(path, "/explain/") is { } id => WriteFoundAsync(
                http,
                Explain(id),
                "No record of this request. The last 1,000 completed prompts are kept; use the X-Bioproxy-Request-Id of the response."),
            _ => WriteFoundAsync(http, null, "The admin port has no such page. GET / lists them."),
        };
    }

    private static async Task WriteClusterAsync(HttpContext http, ClusterPage page)
    {
        var body = await page.ReadAsync(http.Request.Query["status"] == "true", http.RequestAborted).ConfigureAwait(false);
        await WriteAsync(http, StatusCodes.Status200OK, Json, body).ConfigureAwait(false);
    }

    private Task WriteHealthAsync(HttpContext http, bool isForBalancers = false)
    {
        var report = _health.Read();
        var isReady = report.IsServing && (state.IsOpen || !isForBalancers);
        var status = isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return WriteAsync(http, status, Json, AdminJson.Document(writer => _health.Write(writer, report)));
    }

    private async Task WriteMetricsAsync(HttpContext http)
    {
        using var page = new MemoryStream(32 * 1024);
        await metrics.ScrapeAsync(page, http.RequestAborted).ConfigureAwait(false);
        page.Write(backends.Page().Span);
        var text = page.GetBuffer().AsMemory(0, (int)page.Length);
        await WriteAsync(http, StatusCodes.Status200OK, MetricsExporter.ContentType, text).ConfigureAwait(false);
    }

    /// <summary>Only JSON may change anything: a web page can make a browser send a plain form to this port, but not JSON without its
    /// consent.</summary>
    private async Task ChangeAsync(HttpContext http, string path)
    {
        if (http.Request.ContentType?.StartsWith(Json, StringComparison.OrdinalIgnoreCase) != true)
        {
            const string Remedy = "Send Content-Type: application/json.";
            await WriteErrorAsync(http, StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", Remedy)
                .ConfigureAwait(false);
            return;
        }

        var query = http.Request.Query;
        if (ModelCall(path) is var (model, loads))
        {
            var models = operations.Models;
            var changed = loads
                ? await models.LoadAsync(model, http.RequestAborted).ConfigureAwait(false)
                : await models.UnloadAsync(model, query["wait"] != "false", http.RequestAborted).ConfigureAwait(false);
            await WriteAsync(http, changed.Status, Json, changed.Body).ConfigureAwait(false);
            return;
        }

        var answer = path switch
        {
            "/plugins/reload" => await operations.Plugins.ReloadAsync(http.RequestAborted).ConfigureAwait(false),
            "/kv/gc" => operations.Kv.CleanUp(query["dry_run"] == "true"),
            _ => operations.Kv.Drop(query["file"], query["domain"]),
        };
        await WriteAsync(http, StatusCodes.Status200OK, Json, answer).ConfigureAwait(false);
    }

    /// <summary>A model's name may contain a slash.</summary>
    private static (string Model, bool Loads)? ModelCall(string path) => After(path, "/models/") switch
    {
        { } rest when rest.EndsWith("/load", StringComparison.Ordinal) => (NameIn(rest[..^"/load".Length]), true),
        { } rest when rest.EndsWith("/unload", StringComparison.Ordinal) => (NameIn(rest[..^"/unload".Length]), false),
        _ => null,
    };

    /// <summary>The one escape that the web server leaves in a path.</summary>
    private static string NameIn(string path) => path.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private Task WriteLogAsync(HttpContext http, string model) => operations.Models.Log(NameIn(model)) is { } log
        ? WriteAsync(http, StatusCodes.Status200OK, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(log))
        : WriteErrorAsync(http, StatusCodes.Status404NotFound, "model_not_found", operations.Models.NoLog(NameIn(model)));

    private ReadOnlyMemory<byte>? Explain(string id)
    {
        if (explanations.Find(id) is not { } explanation)
            return null;
        return AdminJson.Document(writer => ExplainPage.Write(writer, explanation));
    }

    private static string? After(string path, string start) =>
        path.StartsWith(start, StringComparison.Ordinal) ? path[start.Length..] : null;

    private static Task WriteFoundAsync(HttpContext http, ReadOnlyMemory<byte>? document, string otherwise) => document is { } found
        ? WriteAsync(http, StatusCodes.Status200OK, Json, found)
        : WriteErrorAsync(http, StatusCodes.Status404NotFound, "not_found", otherwise);

    internal static Task WriteErrorAsync(HttpContext http, int status, string code, string message) =>
        WriteAsync(http, status, Json, AdminJson.Error(code, message));

    internal static async Task WriteAsync(HttpContext http, int status, string contentType, ReadOnlyMemory<byte> body)
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
