using Bioproxy.Abstractions;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Cluster;
using Bioproxy.Host.Cluster.Pools;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Dashboard;
using Bioproxy.Host.Dashboard.Relay;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Pool;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Routing;
using Bioproxy.Host.Security;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Bioproxy.Host.Transforms;
using Bioproxy.Host.WarmUp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
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
    /// <summary>For what follows the drain, all together; plugins may take five seconds more.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(4);

    private readonly ProxyOptions _options;
    private readonly ILogger<BioproxyApp> _logger;
    private readonly WebHost _host;
    private readonly WebApplication _web;
    private readonly WarmUpStatuses _warmUps;
    private ProxyCluster? _cluster;
    private IDisposable? _lock;

    /// <param name="options">The validated configuration.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logging">Sets the log up; the readable console by default.</param>
    /// <param name="source">Where the configuration comes from, to read it again when it changes; null for never.</param>
    public BioproxyApp(
        ProxyOptions options, TimeProvider? time = null, Action<ILoggingBuilder>? logging = null, ConfigurationSource? source = null)
    {
        // Without a folder for lasting state the proxy works, and keeps nothing.
        _options = WithUsableState(options, out var unusable);
        _host = new WebHost(_options, logging);
        _host.Services
            .AddSingleton(_options)
            .AddSingleton(new LiveOptions(_options))
            .AddSingleton(time ?? TimeProvider.System)
            .AddTelemetry(_options.OtlpEndpoint, _options.OtlpSampling, _options.HasNames, _options.Cluster?.Advertise)
            .AddTemplates(changed: TemplatesChanged)
            .AddPlugins(templates: static p => p.GetRequiredService<TemplateLibrary>(), backend: PluginBackend)
            .AddSecurity()
            .AddTransforms()
            .AddPool(_options)
            .AddBackends()
            .AddModels()
            .AddModelRouting()
            .AddCluster(_options)
            .AddRequests()
            .AddWarmUp()
            .AddAdmin()
            .AddDashboard(_options)
            .AddSingleton<IPluginListener>(p => new PluginChanges(
                p.GetRequiredService<TemplateLibrary>(), () => IsStarted ? p.GetRequiredService<WarmUpScheduler>() : null))
            .AddSingleton<StopSaver>()
            .AddServiceManagers()
            .AddReload(source);
        _web = _host.Build();
        _logger = Get<ILogger<BioproxyApp>>();
        if (unusable is not null)
            LogNoState(Get<StateFolder>().Path, unusable);
        (Model, Snapshots, _warmUps) = (Get<ModelDirectory>().Default, Get<SnapshotStore>(), Get<WarmUpStatuses>());
        Get<PluginManager>().Load();
        StateGauges.Register(Get<ProxyMetrics>(), Get<IProxyState>(), _options.KvMaxBytes);
        ProcessGauges.Register(Get<ProxyMetrics>(), static () => Environment.CpuUsage.TotalTime, static () => Environment.WorkingSet);
        var (dashboard, guard, clients) = (Get<DashboardEndpoints>(), Get<AdminGuard>(), Get<ClientEntry>());
        Func<HttpContext, Task> admin = _web.Services.GetService<AdminRelay>() is { } relay ? relay.HandleAsync : dashboard.HandleAsync;
        var turns = _web.Services.GetService<TurnRelay>();
        _web.Run(http => WebHost.IsAdmin(http) ? guard.HandleAsync(http, admin)
            : turns is not null && TurnRelay.IsMeant(http) ? turns.HandleAsync(http)
            : clients.HandleAsync(http));
    }

    /// <summary>Where clients connect; once started.</summary>
    public Uri ProxyAddress => _host.ProxyAddress;

    /// <summary>Where health, metrics and status are; once started.</summary>
    public Uri AdminAddress => _host.AdminAddress;

    public IReadOnlyList<PluginStatus> Plugins => Get<PluginManager>().Statuses;

    public IReadOnlyList<TemplateStatus> Templates => Get<TemplateLibrary>().Statuses;

    public IReadOnlyList<WarmUpStatus> WarmUps => _warmUps.All;

    /// <summary>What of a template never changes.</summary>
    public StaticPrefixFinder Rehearsals => Get<StaticPrefixFinder>();

    /// <summary>The models that are served.</summary>
    public ModelDirectory Models => Get<ModelDirectory>();

    /// <summary>The model of the first backend.</summary>
    public ServedModel Model { get; }

    public SnapshotStore Snapshots { get; }

    public ProxyOptions Options => _options;

    /// <summary>What pages of the dashboard receive.</summary>
    public LiveFeed Feed => Get<LiveFeed>();

    private bool IsStarted { get; set; }

    /// <summary>Takes over what lies in the plugin folders now.</summary>
    public Task<PluginChange> ReloadPluginsAsync(CancellationToken cancellationToken) =>
        Get<PluginManager>().ReloadAsync(cancellationToken);

    /// <summary>Reads the templates for the first time.</summary>
    /// <returns>What is wrong with them; the program must not start with any.</returns>
    public Task<IReadOnlyList<string>> LoadTemplatesAsync(CancellationToken cancellationToken) =>
        Get<TemplateLibrary>().LoadAllAsync(cancellationToken);

    /// <summary>Listens, and starts to watch the backend and to warm templates.</summary>
    /// <exception cref="IOException">An address is in use.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var backend in _options.PoolBackends)
            PoolFolders.Of(_options).CreateSlotsOf(backend.Name);
        _cluster = _web.Services.GetService<ProxyCluster>(); // its models are shared before the first of them is looked at
        if (_options.KvEnabled)
        {
            _lock = Get<StateFolder>().Lock();
            _cluster?.Prepare();
            Snapshots.Load();
            Get<FingerprintProbe>().Load();
            Snapshots.Reconcile();
            Snapshots.CleanUp();
        }

        _cluster?.Status = () => AdminJson.Document(Get<StatusPage>().Write, isIndented: false).ToArray();
        _cluster?.Answer = (request, token) => Get<RelayedRequests>().AnswerAsync(request, token);
        IsStarted = true;
        Get<ListenAddresses>().IsOpen = _cluster is null;
        await _web.StartAsync(cancellationToken).ConfigureAwait(false);
        _host.Protect();
        Get<ListenAddresses>().Proxy = ProxyAddress;
        _cluster?.Pool.ListensAt(ProxyAddress);
        Summarise();
        if (_cluster is null)
            return;
        await _cluster.StartAsync(cancellationToken).ConfigureAwait(false);
        Get<ListenAddresses>().IsOpen = true;
    }

    /// <summary>Returns when the proxy is asked to stop. In a cluster it tells balancers first, and goes on for a moment.</summary>
    public async Task WaitForShutdownAsync(CancellationToken cancellationToken)
    {
        var asked = Get<IHostApplicationLifetime>().ApplicationStopping;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(asked, cancellationToken);
        await Task.Delay(Timeout.InfiniteTimeSpan, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_cluster is null)
            return;
        _cluster.IsDraining = true;
        Get<ListenAddresses>().IsOpen = false;
        LogLeaving(_options.Cluster!.LeaveDelay.TotalSeconds);
        await Task.Delay(_options.Cluster.LeaveDelay, Get<TimeProvider>(), CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Stops in order: idle slots are saved while running answers drain, then the loops end, the rest is saved, and all is
    /// disposed.</summary>
    public async ValueTask DisposeAsync()
    {
        LogStopping();
        var saver = Get<StopSaver>();
        var saving = IsStarted ? saver.SaveAsync(_options.DrainTimeout + StopLimit) : Task.CompletedTask;
        await _web.StopAsync().ConfigureAwait(false);
        await saving.WaitAsync(StopLimit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (IsStarted)
            await saver.SaveAsync(StopLimit).ConfigureAwait(false);
        IsStarted = false;
        if (_cluster is not null)
            await _cluster.DisposeAsync().ConfigureAwait(false);
        var loops = _web.Services.GetServices<IHostedService>().OfType<BackgroundService>()
            .Select(loop => loop.ExecuteTask ?? Task.CompletedTask);
        try
        {
            await Task.WhenAll(loops).WaitAsync(StopLimit).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            LogSlowStop();
        }

        await _web.DisposeAsync().ConfigureAwait(false);
        _lock?.Dispose();
    }

    private static ProxyOptions WithUsableState(ProxyOptions options, out string? problem)
    {
        problem = null;
        if (!options.KvEnabled)
            return options;
        try
        {
            new StateFolder(options).CreateForWriting();
            return options;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = e.Message;
            return options with { KvEnabled = false };
        }
    }

    private T Get<T>()
        where T : notnull => _web.Services.GetRequiredService<T>();

    private IPluginBackend? PluginBackend(IServiceProvider services) => IsStarted ? services.GetRequiredService<RequestPath>() : null;

    private void TemplatesChanged(IServiceProvider services, IReadOnlyList<string> triggers)
    {
        LogChanged(string.Join(", ", triggers));
        services.GetRequiredService<WarmUpScheduler>().Poke();
    }

    private void Summarise()
    {
        LogListening(ProxyAddress, string.Join(", ", _options.AllBackends.Select(
            static backend => backend.IsPooled ? $"model {backend.Name}" : $"the backend {backend.Url}")));
        LogAdmin(AdminAddress);
        LogConfiguration(_options.ConfigFile ?? "none (defaults)", _options.StateDirectory, _options.WarmUpCheckInterval.TotalSeconds);
        foreach (var (trigger, path) in _options.Prefixes)
            LogTemplate(trigger, path);
        if (_options.Prefixes.Count == 0)
            LogNoTemplates();
        foreach (var plugin in Plugins.Where(p => p.State == PluginState.Active))
            LogPlugin(plugin.Name, string.Join(", ", plugin.Exports));
    }

    [LoggerMessage(LogLevel.Information, "Bioproxy listens on {Proxy} for {Backends}")]
    private partial void LogListening(Uri proxy, string backends);

    [LoggerMessage(LogLevel.Information, "Health, metrics and status are on {Admin}")]
    private partial void LogAdmin(Uri admin);

    [LoggerMessage(LogLevel.Information, "Configuration {File}, state {State}. Template check every {Seconds:0.###} s.")]
    private partial void LogConfiguration(string file, string state, double seconds);

    [LoggerMessage(LogLevel.Information, "Template {Trigger} is {Path}")]
    private partial void LogTemplate(string trigger, string path);

    [LoggerMessage(LogLevel.Warning, "No templates are configured (prefixes): requests pass through the queue unchanged.")]
    private partial void LogNoTemplates();

    [LoggerMessage(LogLevel.Information, "Plugin {Plugin}: {Exports}")]
    private partial void LogPlugin(string plugin, string exports);

    [LoggerMessage(LogLevel.Warning, "The state folder {Path} cannot be used ({Reason}): no KV cache is saved or restored.")]
    private partial void LogNoState(string path, string reason);

    [LoggerMessage(LogLevel.Information, "Changed on disk: template {Triggers}")]
    private partial void LogChanged(string triggers);

    [LoggerMessage(LogLevel.Information, "Asked to stop: /health/ready says so for {Seconds:0.#} s, then no more connections are taken.")]
    private partial void LogLeaving(double seconds);

    [LoggerMessage(LogLevel.Information, "Bioproxy is stopping.")]
    private partial void LogStopping();

    [LoggerMessage(LogLevel.Warning, "Background work did not end in time.")]
    private partial void LogSlowStop();
}
