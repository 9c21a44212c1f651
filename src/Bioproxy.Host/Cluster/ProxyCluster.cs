using System.Net;
using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Cluster.Pools;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Bioproxy.Host.Threading;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Cluster;

/// <summary>
/// This proxy in its cluster: which servers it shares, which of them it schedules, and what it tells of itself. Without <c>cluster</c> in
/// the configuration it does not exist, and nothing of the cluster's libraries is loaded.
/// </summary>
internal sealed partial class ProxyCluster : IClusterHost, IAsyncDisposable
{
    /// <summary>Owners of servers change, proxies come and go: whether they agree is looked at this often.</summary>
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(5);

    /// <summary>A proxy that is in the cluster can be asked when the others have learnt what it can do.</summary>
    private static readonly TimeSpan JoinTime = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, SharedServer> _servers = new(StringComparer.Ordinal);
    private readonly ClusterSettings _settings;
    private readonly LiveOptions _options;
    private readonly TemplateLibrary _templates;
    private readonly SharedCatalogue _catalogue;
    private readonly ConversationTracker _conversations;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger<ProxyCluster> _logger;
    private readonly ClusterNode _node;
    private readonly CancellationTokenSource _stopping = new();
    private readonly WakeSignal _changed = new();

    /// <summary>What this proxy should hand over → since when. Of the loop alone.</summary>
    private readonly Dictionary<Handover, long> _due = [];
    private Task _watching = Task.CompletedTask;
    private string? _said;
    private int _isDisposed;

    public ProxyCluster(
        LiveOptions options, ModelDirectory models, TemplateLibrary templates, SharedCatalogue catalogue, TimeProvider time,
        ILoggerFactory loggers, ConversationTracker conversations)
    {
        (_options, _settings, _templates, _catalogue) = (options, options.Current.Cluster!, templates, catalogue);
        (_time, _loggers) = (time, loggers);
        _logger = loggers.CreateLogger<ProxyCluster>();
        _conversations = conversations;
        var cluster = new ClusterOptions(_settings.Redis!, _settings.Name, _settings.Advertise)
        {
            TlsCertificate = _settings.Tls?.Certificate,
            TlsKey = _settings.Tls?.Key,
        };
        _node = new ClusterNode(cluster, this, loggers, time);
        foreach (var model in models.Subscribe(Share))
            Share(model);
    }

    /// <summary>The cluster, for what is shared besides the servers.</summary>
    public ICluster Cluster => _node;

    /// <summary>The pools of the other proxies.</summary>
    public required OtherPools OtherPools { get; init; }

    /// <summary>The pool of this one.</summary>
    public required OwnPool Pool { get; init; }

    /// <summary>Writes this proxy's <c>/status</c>; set by whoever knows it.</summary>
    public Func<byte[]>? Status { get; set; }

    /// <summary>Answers for this proxy's admin listener; set by whoever knows it.</summary>
    public Func<AdminRequest, CancellationToken, Task<AdminReply>>? Answer { get; set; }

    /// <summary>It is stopping.</summary>
    public bool IsDraining { get; set; }

    /// <summary>The cluster's name.</summary>
    public string Name => _settings.Name;

    /// <summary>Everything that works less well than it could, one sentence each.</summary>
    public IReadOnlyList<string> Problems =>
        [.. new[] { _node.Problem, _said, Pool.Problem }.OfType<string>(), .. NotSaving()];

    public IReadOnlyList<string> Servers
    {
        get
        {
            lock (_lock)
                return [.. _servers.Keys];
        }
    }

    public IReadOnlyList<CatalogueEntry> Entries => _options.Current.KvEnabled ? _catalogue.Entries : [];

    public void Merge(IReadOnlyList<CatalogueEntry> entries) => _catalogue.Merge(entries);

    public Task<AdminReply> AnswerAsync(AdminRequest request, CancellationToken cancellationToken) =>
        Answer?.Invoke(request, cancellationToken)
            ?? Task.FromException<AdminReply>(new InvalidOperationException("This proxy has not started yet."));

    public IServerOwner? Own(string server)
    {
        if (ServerOf(server) is not { } shared || IsDraining)
            return null;
        var owner = new ServerOwner(shared, _loggers.CreateLogger<ServerOwner>(), _conversations);
        shared.Take(owner);
        return owner;
    }

    public ProxyReport Report(bool withStatus)
    {
        var owned = Owned();
        return new ProxyReport
        {
            Proxy = _node.Name,
            Version = ProductVersion.Text,
            Configuration = ConfigurationHash.Of(_options.Current, _templates),
            ConfiguredAt = ConfiguredAt,
            Owns = [.. owned.Select(static server => server.Name)],
            Status = withStatus && Status is { } write ? write() : [],
            IsDraining = IsDraining,
            Servers = [.. Servers],
            Pool = Pool.Message,
            Loads = [.. owned.Select(static server => server.Load)],
        };
    }

    /// <summary>Proxies that came or left are asked now, not at the next interval.</summary>
    public void Met(IReadOnlyCollection<string> proxies)
    {
        if (!OtherPools.Met(proxies))
            return;
        Pool.Met(proxies);
        _changed.Set();
    }

    /// <summary>The model of a turn that another proxy holds at the pool; null for any other number.</summary>
    public ServedModel? ModelOf(Guid turn) => ServerOf(ServerName.OfPool(_node.Name))?.ModelOf(turn);

    /// <summary>Before the snapshots are loaded.</summary>
    /// <exception cref="IOException">The state folder cannot be written.</exception>
    public void Prepare() => _catalogue.Prepare();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_options.Current.KvEnabled)
            _catalogue.Start(_node);
        await _node.StartAsync(cancellationToken).ConfigureAwait(false);
        _watching = WatchAsync(_stopping.Token);
    }

    /// <summary>Gives up what it owns: other proxies schedule it from now on.</summary>
    public async ValueTask DisposeAsync()
    {
        IsDraining = true;
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _node.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    /// <summary>When what is in use was changed last: the configuration, or a template.</summary>
    private DateTimeOffset ConfiguredAt
    {
        get
        {
            var latest = _templates.Statuses.Where(static template => template is { Problem: null, LoadedAt: not null })
                .Select(static template => FileStamp.Of(template.Path).Modified)
                .Append(_options.ChangedAt).Max();
            return latest == default ? default(DateTimeOffset) : new DateTimeOffset(latest, TimeSpan.Zero);
        }
    }

    private SharedServer? ServerOf(string name)
    {
        lock (_lock)
            return _servers.GetValueOrDefault(name);
    }

    private List<SharedServer> Owned()
    {
        lock (_lock)
            return [.. _servers.Values.Where(static server => server.IsOwned)];
    }

    private IEnumerable<string> NotSaving() =>
        _node.Problem is null && !_node.CanSave ? ["The cluster's catalogue cannot be written: nothing new is saved."] : [];

    private void Share(ServedModel model)
    {
        var isPooled = model.Backend.Options.IsPooled;
        var name = isPooled
            ? ServerName.OfPool(_node.Name)
            : ServerName.Of(model.Backend.Options.Url, IPEndPoint.Parse(_settings.Advertise));
        SharedServer? server;
        lock (_lock)
        {
            if (!_servers.TryGetValue(name, out server))
                _servers[name] = server = new SharedServer(name, _node.Name, _node.LinkTo(name)) { IsPool = isPooled };
            server.Add(model);
        }

        if (!isPooled)
            model.ShareWith(new RemoteModel(server, model, _time));
    }

    private async Task WatchAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var reports = await _node.ReportsAsync(withStatus: false, stopping).ConfigureAwait(false);
                Compare(reports);
                await OtherPools.TakeAsync(reports, _node, stopping).ConfigureAwait(false);
                if (_settings.RebalanceDelay > TimeSpan.Zero)
                    await HandOverAsync(Handover.Of(reports), stopping).ConfigureAwait(false);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                LogWatchFailed(e);
            }

            if (await _changed.WaitAsync(ReportInterval, _time, stopping).ConfigureAwait(false))
                await Task.Delay(JoinTime, _time, stopping).ConfigureAwait(false);
        }
    }

    /// <summary>Gives servers to proxies that should schedule them, and that every look has named for a while: just after a proxy came or
    /// went the reports do not fit together. A server that is busy moves at a later look.</summary>
    private async Task HandOverAsync(IReadOnlyList<Handover> due, CancellationToken stopping)
    {
        foreach (var over in _due.Keys.Except(due).ToList())
            _due.Remove(over);
        foreach (var move in due.Where(move => move.From == _node.Name))
        {
            if (_due.TryAdd(move, _time.GetTimestamp()) || _time.GetElapsedTime(_due[move]) < _settings.RebalanceDelay)
                continue;
            if (!IsDraining && _node.CanSave && ServerOf(move.Server) is { } server
                && await server.TrySettleAsync(stopping).ConfigureAwait(false) && _node.HandOver(move.Server, move.To))
                LogHandedOver(move.Server, move.To);
        }
    }

    /// <summary>Says once what differs, and once that nothing does any more.</summary>
    private void Compare(IReadOnlyList<ProxyReport> reports)
    {
        var others = reports.GroupBy(static report => report.Configuration).ToList();
        var said = others.Count < 2 ? null
            : "The proxies have different configurations (backends, models, templates, keys or kv): "
                + string.Join("; ", others.Select(static group => $"{group.Key} at {ProxiesOf(group)}"))
                + $". The newest is that of {Handover.NewestOf(reports)!.Proxy}; proxies with it schedule the servers.";
        if (said == _said)
            return;
        _said = said;
        if (said is null)
            LogAgree();
        else
            LogDiffer(said);
    }

    private static string ProxiesOf(IEnumerable<ProxyReport> reports) =>
        string.Join(", ", reports.Select(static report => report.Proxy));

    [LoggerMessage(LogLevel.Warning, "{Difference}")]
    private partial void LogDiffer(string difference);

    [LoggerMessage(LogLevel.Information, "{Server} is handed over to {Proxy}: the proxies with the newest configuration schedule "
        + "the servers, each about as many.")]
    private partial void LogHandedOver(string server, string proxy);

    [LoggerMessage(LogLevel.Information, "All proxies have the same configuration again.")]
    private partial void LogAgree();

    [LoggerMessage(LogLevel.Warning, "The other proxies could not be asked.")]
    private partial void LogWatchFailed(Exception exception);
}
