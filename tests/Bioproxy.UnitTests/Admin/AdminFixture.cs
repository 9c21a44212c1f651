using System.Text;
using System.Text.Json;
using Bioproxy.Doubles;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Telemetry;
using Bioproxy.UnitTests.Plugins;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Admin;

/// <summary>The admin endpoints over a state that the test sets; snapshots, plugins and metrics are real.</summary>
internal sealed class AdminFixture : IAsyncDisposable
{
    public const string Model = "the loaded model";

    private readonly PluginManager _plugins;

    /// <param name="models">The models that are served.</param>
    public AdminFixture(params ServedModel[] models)
    {
        Options = new ProxyOptions
        {
            BaseDirectory = Folder,
            StateDirectory = Path.Combine(Folder, "state"),
            Prefixes = [new("@code", Path.Combine(Folder, "code.txt"))],
            PluginDirectories = [Path.Combine(Folder, "plugins")],
        };
        Metrics = new ProxyMetrics(Clock);
        Exporter = new MetricsExporter(Metrics.Meter, otlpEndpoint: null);
        StateGauges.Register(Metrics, State, Options.KvMaxBytes);
        ProcessGauges.Register(Metrics, static () => TimeSpan.FromSeconds(1.5), static () => 4096);
        var folder = new StateFolder(Options);
        Snapshots = new SnapshotStore(folder, Options, Clock, NullLogger<SnapshotStore>.Instance);
        Snapshots.Load();
        _plugins = new PluginManager(
            FixturePlugins.Loader(Options.PluginDirectories[0]), Options, [], Clock, NullLogger<PluginManager>.Instance);
        Endpoints = new AdminEndpoints(
            State, Exporter, Backends(models), Operations(models), Explanations, Options, new Uptime(Clock));
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("bioproxy-admin-").FullName;

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public FakeProxyState State { get; } = new();

    public ProxyOptions Options { get; }

    public ProxyMetrics Metrics { get; }

    public MetricsExporter Exporter { get; }

    public SnapshotStore Snapshots { get; }

    public ExplanationLog Explanations { get; } = new();

    public AdminEndpoints Endpoints { get; }

    public async Task<(HttpResponse Response, string Body)> AskAsync(string path, string method = "GET", string? contentType = null)
    {
        var body = new MemoryStream();
        var http = new DefaultHttpContext();
        http.Request.Method = method;
        http.Request.Path = path.Split('?')[0];
        http.Request.QueryString = new QueryString(
            path.Contains('?', StringComparison.Ordinal) ? path[path.IndexOf('?', StringComparison.Ordinal)..] : "");
        http.Request.ContentType = contentType;
        http.Response.Body = body;
        await Endpoints.HandleAsync(http).DefaultTimeout();
        return (http.Response, Encoding.UTF8.GetString(body.ToArray()));
    }

    public async Task<(int Status, JsonElement Json)> AskJsonAsync(string path)
    {
        var (response, body) = await AskAsync(path);
        using var document = JsonDocument.Parse(body);
        return (response.StatusCode, document.RootElement.Clone());
    }

    private BackendMetrics Backends(ServedModel[] models) =>
        new(new ModelDirectory(models), TimeSpan.Zero, Clock, NullLogger<BackendMetrics>.Instance);

    private AdminOperations Operations(ServedModel[] models) =>
        new(new KvAdmin(Snapshots), new PluginAdmin(_plugins), new ModelAdmin(new ModelDirectory(models), Clock));

    public async ValueTask DisposeAsync()
    {
        await _plugins.DisposeAsync();
        Exporter.Dispose();
        Metrics.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
