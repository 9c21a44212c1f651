using System.Net;
using System.Text;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Routing;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Bioproxy.Host.Transforms;
using Bioproxy.Host.WarmUp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host;

/// <summary>
/// The whole program, composed here and nowhere else, from the bottom up; <c>Program</c> and every test start the same one.
/// Starting it loads templates and plugins first: a template that cannot be read is the caller's error, and nothing listens.
/// </summary>
internal sealed partial class BioproxyApp : IAsyncDisposable
{
    private static readonly object AdminListener = new();
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private readonly ProxyOptions _options;
    private readonly ILogger<BioproxyApp> _logger;
    private readonly WebApplication _web;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ProxyMetrics _metrics;
    private readonly MetricsExporter _exporter;
    private readonly TemplateLibrary _templates;
    private readonly TemplateWatcher _watcher;
    private readonly PluginManager _plugins;
    private readonly TransformChain _transforms;
    private readonly LlamaClient _client;
    private readonly BackendSender _sender;
    private readonly BackendMonitor _monitor;
    private readonly ModelRecognition _recognition;
    private readonly SnapshotCatalogue _catalogue;
    private readonly Identifier _identifier;
    private readonly StateFolder _folder;
    private readonly SnapshotFiles _files;
    private readonly SnapshotCleaner _cleaner;
    private readonly ConversationKeeper _keeper;
    private readonly Explainer _explainer;
    private readonly StaticPrefixFinder _rehearsals;
    private readonly WarmUpLoop _warmUp;
    private readonly PluginFence _handlers;
    private readonly RequestPath _path;
    private readonly AdminEndpoints _admin;
    private Task _loops = Task.CompletedTask;
    private IDisposable? _lock;

    /// <param name="options">The validated configuration.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logging">Sets the log up; the readable console by default.</param>
    public BioproxyApp(ProxyOptions options, TimeProvider? time = null, Action<ILoggingBuilder>? logging = null)
    {
        var clock = time ?? TimeProvider.System;
        _web = CreateWeb(options, logging);
        var loggers = _web.Services.GetRequiredService<ILoggerFactory>();
        _logger = loggers.CreateLogger<BioproxyApp>();

        // Telemetry
        _metrics = new ProxyMetrics(clock);
        _exporter = new MetricsExporter(_metrics.Meter, options.OtlpEndpoint);

        // State that lasts: without a folder for it the proxy works, and keeps nothing.
        var folder = _folder = new StateFolder(options);
        options = _options = WithUsableState(options, folder);

        // Templates and plugins need each other: the library first, its engines when the plugins are there.
        _templates = new TemplateLibrary(options, _metrics, clock, loggers.CreateLogger<TemplateLibrary>());
        var facilities = new PluginFacilities { Options = options, Loggers = loggers, Time = clock, Templates = _templates, Metrics = _metrics };
        var loader = new PluginLoader(options, name => new PluginHost(name, facilities), clock, loggers.CreateLogger<PluginLoader>());
        _plugins = new PluginManager(loader, options, clock, loggers.CreateLogger<PluginManager>()) { Changing = plugins => _templates.UseEngines(plugins.Engines) };
        _plugins.Load();
        _watcher = new TemplateWatcher(_templates, clock, loggers.CreateLogger<TemplateWatcher>());
        _transforms = new TransformChain(new PluginFence(PluginBudget.OfTransforms(options.PluginTimeBudget), _metrics, clock, loggers.CreateLogger<PluginFence>()));

        // The backend and its slots
        _client = new LlamaClient(options.BackendUrl, options.ConnectTimeout, options.BackendApiKey);
        _sender = new BackendSender(options);
        _monitor = new BackendMonitor(_client, options, clock, loggers.CreateLogger<BackendMonitor>());
        var queue = new SlotQueue(clock, options.QueueCapacity, options.QueueMaxLength, options.QueueMaxWait);
        var table = new SlotTable();
        var rates = new LearnedRates();

        // Snapshots
        var look = new SlotLook(_client, table, _monitor, clock);
        _catalogue = new SnapshotCatalogue(folder, loggers.CreateLogger<SnapshotCatalogue>());
        _identifier = new Identifier(_client, folder, clock, loggers.CreateLogger<Identifier>());
        var effects = new EffectLedger(_metrics, clock, loggers.CreateLogger<EffectLedger>());
        _recognition = new ModelRecognition(_client, _monitor, queue, table, look, _identifier, effects, rates, options, clock, loggers.CreateLogger<ModelRecognition>());
        _files = new SnapshotFiles(_client, table, folder, options, loggers.CreateLogger<SnapshotFiles>());
        _catalogue.Unused = _files.Discard;
        _catalogue.Gone = table.ForgetSaved;
        var writer = new SnapshotWriter(_client, _monitor, _recognition, _catalogue, _files, rates, _metrics, clock);
        _cleaner = new SnapshotCleaner(_catalogue, _files, () => _recognition.Current?.Identity, options, clock, loggers.CreateLogger<SnapshotCleaner>());
        _keeper = new ConversationKeeper(_monitor, _recognition, queue, table, look, writer, _cleaner, effects, rates, options, clock, loggers.CreateLogger<ConversationKeeper>());
        var restorer = new Restorer(_client, _monitor, table, look, _catalogue, effects, rates, _metrics, clock, loggers.CreateLogger<Restorer>());
        var placer = new Placer(_monitor, table, look, _catalogue, _files, _recognition, effects, restorer, _keeper, rates, options, clock, loggers.CreateLogger<Placer>());

        // Requests and warm-up, which know nothing of each other
        var explanations = new ExplanationLog();
        _explainer = new Explainer(explanations, options, clock);
        var instance = new ModelInstance(placer, _keeper, _monitor, _stopping.Token);
        var router = new ModelRouter(new ServedModel(queue, instance, _sender));
        var report = new RequestReport(_metrics, clock, loggers.CreateLogger<RequestPath>());
        _handlers = new PluginFence(PluginBudget.OfHandlers(options.HandlerTimeBudget), _metrics, clock, loggers.CreateLogger<PluginFence>());
        var stage = new PluginStage(_plugins, _transforms, _handlers, new FailureResponse(report), report);
        _path = new RequestPath(stage, router, _explainer, report, options, clock);
        _rehearsals = new StaticPrefixFinder(_plugins, _transforms, _client);
        _warmUp = new WarmUpLoop(
            _rehearsals, _templates, _client, _monitor, _recognition, queue, table, placer, writer, _catalogue, effects, options, _metrics, clock, loggers.CreateLogger<WarmUpLoop>());

        facilities.Ask = _path.AskAsync;

        // What wakes whom
        _plugins.Changing = plugins =>
        {
            _templates.UseEngines(plugins.Engines);
            _templates.RefreshAll(); // what an engine made that goes would keep its plugin in memory
        };
        _plugins.Changed = _warmUp.Poke;
        _monitor.Changed = _recognition.BackendChangedAsync;
        _recognition.Recognised = _warmUp.Poke;
        _watcher.Changed += prefixes =>
        {
            LogChanged(string.Join(", ", prefixes));
            _warmUp.Poke();
        };

        // Admin
        _admin = new AdminEndpoints(_monitor, queue, table, _catalogue, _recognition, effects, _templates, () => _warmUp.Statuses, () => _plugins.Statuses, () => [ProxyAddress.ToString()], new KvAdmin(_catalogue, _files, _cleaner), new PluginAdmin(_plugins.ReloadAsync, () => _plugins.Statuses), explanations, _metrics, _exporter, options, clock);
        _web.Run(http => IsAdmin(http) ? _admin.HandleAsync(http) : _path.HandleAsync(http));
    }

    /// <summary>Where clients connect; known once started.</summary>
    public Uri ProxyAddress { get; private set; } = new("http://localhost");

    /// <summary>Where health, metrics and status are; known once started.</summary>
    public Uri AdminAddress { get; private set; } = new("http://localhost");

    public IReadOnlyList<PluginStatus> Plugins => _plugins.Statuses;

    public IReadOnlyList<TemplateStatus> Templates => _templates.Statuses;

    public BackendMonitor Backend => _monitor;

    public WarmUpLoop WarmUp => _warmUp;

    /// <summary>What of a template never changes.</summary>
    public StaticPrefixFinder Rehearsals => _rehearsals;

    public ModelRecognition Recognition => _recognition;

    public SnapshotCatalogue Catalogue => _catalogue;

    public ConversationKeeper Keeper => _keeper;

    /// <summary>Takes over what lies in the plugin folders now.</summary>
    public Task<PluginChange> ReloadPluginsAsync(CancellationToken cancellationToken) => _plugins.ReloadAsync(cancellationToken);

    /// <summary>Reads the templates for the first time.</summary>
    /// <returns>What is wrong with them; the program must not start with any.</returns>
    public IReadOnlyList<string> LoadTemplates() => _templates.LoadAll();

    /// <summary>Listens, and starts to watch the backend and to warm templates.</summary>
    /// <exception cref="IOException">An address is in use.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_options.KvEnabled)
        {
            _lock = _folder.Lock();
            _catalogue.Load();
            _identifier.Load();
            _files.Load(_catalogue.All);
            _files.Reconcile(_catalogue);
            _cleaner.Run();
        }

        await _web.StartAsync(cancellationToken).ConfigureAwait(false);
        var addresses = _web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(a => new Uri(a)).ToList();
        ProxyAddress = addresses[0];
        AdminAddress = addresses.First(a => a.Port != ProxyAddress.Port);
        Summarise();
        _watcher.Start();
        _loops = Task.WhenAll(_monitor.RunAsync(_stopping.Token), _warmUp.RunAsync(_stopping.Token), _keeper.RunAsync(_stopping.Token), _plugins.RunAsync(_stopping.Token));
    }

    public Task WaitForShutdownAsync(CancellationToken cancellationToken) => _web.WaitForShutdownAsync(cancellationToken);

    /// <summary>Stops in order: no new requests, running ones may end within the drain time, then the loops, then what they used.</summary>
    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync().ConfigureAwait(false);
        LogStopping();
        await SaveBeforeStopAsync().ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(_loops, _recognition.WhenDone()).WaitAsync(StopLimit).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            LogSlowStop();
        }

        _watcher.Dispose();
        _templates.Dispose();
        _transforms.Dispose();
        _handlers.Dispose();
        await _plugins.DisposeAsync().ConfigureAwait(false);
        _monitor.Dispose();
        _sender.Dispose();
        _explainer.Dispose();
        _client.Dispose();
        _exporter.Dispose();
        _metrics.Dispose();
        await _web.DisposeAsync().ConfigureAwait(false);
        _lock?.Dispose();
        _stopping.Dispose();
    }

    /// <summary>What slots hold would be computed again after the next start.</summary>
    private async Task SaveBeforeStopAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(StopLimit);
            await _keeper.SaveAllAsync("before the stop", TimeSpan.Zero, goesFirst: true, limit.Token).WaitAsync(StopLimit).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            LogSlowStop();
        }
    }

    private static WebApplication CreateWeb(ProxyOptions options, Action<ILoggingBuilder>? logging)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
        if (logging is null)
            builder.Logging.AddReadableConsole(options.LogLevel);
        else
            logging(builder.Logging.ClearProviders());
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None); // it would make an activity for each request; the path has a fence and lines of its own
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTimeout > TimeSpan.Zero ? options.DrainTimeout : TimeSpan.FromMilliseconds(1));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1; // as BackendPool does
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
            KestrelLimits.Apply(kestrel.Limits, options);
            Listen(kestrel, options.ProxyHost, options.ProxyPort, static _ => { });
            Listen(kestrel, options.AdminHost, options.AdminPort, static listen => listen.Use(next => connection =>
            {
                connection.Items[AdminListener] = AdminListener;
                return next(connection);
            }));
        });
        return builder.Build();
    }

    private static void Listen(KestrelServerOptions kestrel, string host, int port, Action<ListenOptions> more)
    {
        void Configure(ListenOptions listen)
        {
            listen.Protocols = HttpProtocols.Http1;
            more(listen);
        }

        if (IPAddress.TryParse(host, out var address))
            kestrel.Listen(address, port, Configure);
        else if (!host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            kestrel.Listen(Dns.GetHostAddresses(host)[0], port, Configure);
        else if (port == 0)
            kestrel.Listen(IPAddress.Loopback, 0, Configure); // a free port cannot be the same for both loopback addresses
        else
            kestrel.ListenLocalhost(port, Configure);
    }

    /// <summary>The listener is what counts: a Host header is the client's word.</summary>
    private static bool IsAdmin(HttpContext http) => http.Features.Get<IConnectionItemsFeature>()?.Items.ContainsKey(AdminListener) == true;

    private ProxyOptions WithUsableState(ProxyOptions options, StateFolder folder)
    {
        if (!options.KvEnabled)
            return options;
        try
        {
            folder.CreateForWriting();
            return options;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNoState(folder.Path, e.Message);
            return options with { KvEnabled = false };
        }
    }

    private void Summarise()
    {
        LogListening(ProxyAddress, _options.BackendUrl);
        LogAdmin(AdminAddress);
        LogConfiguration(_options.ConfigFile ?? "none (defaults)", _options.StateDirectory, _options.WarmUpCheckInterval.TotalSeconds);
        foreach (var (prefix, path) in _options.Prefixes)
            LogTemplate(prefix, path);
        if (_options.Prefixes.Count == 0)
            LogNoTemplates();
        foreach (var plugin in _plugins.Statuses.Where(p => p.State == PluginState.Active))
            LogPlugin(plugin.Name, string.Join(", ", plugin.Exports));
    }

    [LoggerMessage(LogLevel.Information, "Bioproxy listens on {Proxy} for the backend {Backend}")]
    private partial void LogListening(Uri proxy, Uri backend);

    [LoggerMessage(LogLevel.Information, "Health, metrics and status are on {Admin}")]
    private partial void LogAdmin(Uri admin);

    [LoggerMessage(LogLevel.Information, "Configuration {File}, state {State}, templates are looked at every {Seconds:0.###} s")]
    private partial void LogConfiguration(string file, string state, double seconds);

    [LoggerMessage(LogLevel.Information, "Template {Prefix} is {Path}")]
    private partial void LogTemplate(string prefix, string path);

    [LoggerMessage(LogLevel.Warning, "No templates are configured (prefixes): requests pass through the queue unchanged.")]
    private partial void LogNoTemplates();

    [LoggerMessage(LogLevel.Information, "Plugin {Plugin}: {Exports}")]
    private partial void LogPlugin(string plugin, string exports);

    [LoggerMessage(LogLevel.Warning, "The state folder {Path} cannot be used ({Reason}): no KV cache is saved or restored.")]
    private partial void LogNoState(string path, string reason);

    [LoggerMessage(LogLevel.Information, "Changed on disk: template {Prefixes}")]
    private partial void LogChanged(string prefixes);

    [LoggerMessage(LogLevel.Information, "Bioproxy stops")]
    private partial void LogStopping();

    [LoggerMessage(LogLevel.Warning, "Background work did not end in time.")]
    private partial void LogSlowStop();
}
