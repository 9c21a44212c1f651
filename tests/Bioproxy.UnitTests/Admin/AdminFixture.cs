using System.Text;
using System.Text.Json;
using Bioproxy.Doubles;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;
using Bioproxy.UnitTests.Transforms;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Admin;

/// <summary>The admin endpoints over real services and a backend that only tells its facts.</summary>
internal sealed class AdminFixture : IAsyncDisposable
{
    private readonly LlamaClient _client;

    private AdminFixture(FactsBackend backend)
    {
        Backend = backend;
        File.WriteAllText(Path.Combine(Folder, "code.txt"), "Be brief.");
        Options = new ProxyOptions
        {
            BaseDirectory = Folder,
            StateDirectory = Path.Combine(Folder, "state"),
            BackendUrl = backend.Address,
            Prefixes = [new("@code", Path.Combine(Folder, "code.txt"))],
            TemplateRoots = [Folder],
        };
        Metrics = new ProxyMetrics(Clock);
        Exporter = new MetricsExporter(Metrics.Meter, otlpEndpoint: null);
        _client = new LlamaClient(Options.BackendUrl, Options.ConnectTimeout, apiKey: null);
        Monitor = new BackendMonitor(_client, Options, Clock, NullLogger<BackendMonitor>.Instance);
        Queue = new SlotQueue(Clock, Options.QueueCapacity, Options.QueueMaxLength, Options.QueueMaxWait);
        var folder = new StateFolder(Options);
        Catalogue = new SnapshotCatalogue(folder, NullLogger<SnapshotCatalogue>.Instance);
        Catalogue.Load();
        Effects = new EffectLedger(Metrics, Clock, NullLogger<EffectLedger>.Instance);
        Library = new TemplateLibrary(Options, Metrics, Clock, NullLogger<TemplateLibrary>.Instance);
        Recognition = new ModelRecognition(
            _client, Monitor, Queue, Table, new SlotLook(_client, Table, Monitor, Clock), new Identifier(_client, folder, Clock, NullLogger<Identifier>.Instance), Effects, new LearnedRates(), Options, Clock, NullLogger<ModelRecognition>.Instance);
        Monitor.Changed = Recognition.BackendChangedAsync;
        var files = new SnapshotFiles(null, null, folder, Options, NullLogger<SnapshotFiles>.Instance);
        files.Load([]);
        var cleaner = new SnapshotCleaner(Catalogue, files, () => Recognition.Current?.Identity, Options, Clock, NullLogger<SnapshotCleaner>.Instance);
        Endpoints = new AdminEndpoints(
            Monitor, Queue, Table, Catalogue, Recognition, Effects, Library, () => WarmUps, () => Plugins, () => ["http://127.0.0.1:8088/"], new KvAdmin(Catalogue, files, cleaner), new PluginAdmin(_ => Task.FromResult(PluginChange.None), () => Plugins), Explanations, Metrics, Exporter, Options, Clock);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("bioproxy-admin-").FullName;

    public ManualClock Clock { get; } = new();

    public FactsBackend Backend { get; }

    public ProxyOptions Options { get; }

    public ProxyMetrics Metrics { get; }

    public MetricsExporter Exporter { get; }

    public BackendMonitor Monitor { get; }

    public SlotQueue Queue { get; }

    public SlotTable Table { get; } = new(2);

    public SnapshotCatalogue Catalogue { get; }

    public ModelRecognition Recognition { get; }

    public EffectLedger Effects { get; }

    public TemplateLibrary Library { get; }

    public AdminEndpoints Endpoints { get; }

    public ExplanationLog Explanations { get; } = new();

    public IReadOnlyList<WarmUpStatus> WarmUps { get; set; } = [WarmUpStatus.Initial("@code")];

    public IReadOnlyList<PluginStatus> Plugins { get; set; } = [];

    public static async Task<AdminFixture> StartAsync() => new(await FactsBackend.StartAsync());

    /// <summary>Looks at the backend once, and recognises its model.</summary>
    public async Task LookAsync()
    {
        await Monitor.CheckAsync(CancellationToken.None).DefaultTimeout();
        await Recognition.WhenDone().DefaultTimeout();
    }

    public async Task<(HttpResponse Response, string Body)> AskAsync(string path, string method = "GET", string? contentType = null)
    {
        var body = new MemoryStream();
        var http = new DefaultHttpContext();
        http.Request.Method = method;
        http.Request.Path = path.Split('?')[0];
        http.Request.QueryString = new QueryString(path.Contains('?', StringComparison.Ordinal) ? path[path.IndexOf('?', StringComparison.Ordinal)..] : "");
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

    public async ValueTask DisposeAsync()
    {
        Library.Dispose();
        Monitor.Dispose();
        _client.Dispose();
        Exporter.Dispose();
        Metrics.Dispose();
        await Backend.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
