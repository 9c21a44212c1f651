using System.Collections.Concurrent;
using System.Globalization;
using Bioproxy.Cluster.Catalogue;
using Bioproxy.Cluster.Messages;
using Bioproxy.Cluster.Proxies;
using Bioproxy.Cluster.Redis;
using Bioproxy.Cluster.Servers;
using Bioproxy.Cluster.Silos;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Cluster;

/// <summary>This proxy in its cluster: joins it, stays in it, and joins again with a new silo whenever it fell out.</summary>
internal sealed class ClusterNode : ICluster, IAsyncDisposable
{
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _startWait = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan _reportLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _returnPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(15);

    private readonly ClusterOptions _options;
    private readonly IClusterHost _host;
    private readonly ILoggerFactory _logs;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly RedisLink _redis;
    private readonly CatalogueCopy _catalogue;
    private readonly ConcurrentDictionary<string, ServerLink> _links = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile SiloRun? _silo;
    private volatile string? _alone = "Not in the cluster yet";
    private Task _loops = Task.CompletedTask;

    public ClusterNode(ClusterOptions options, IClusterHost host, ILoggerFactory logs, TimeProvider time)
    {
        _options = options;
        _host = host;
        _logs = logs;
        _log = logs.CreateLogger<ClusterNode>();
        _time = time;
        _redis = new RedisLink(options.Redis, time, _log);
        _catalogue = new CatalogueCopy(() => Silo, host, options.Advertise, time, _log);
    }

    /// <inheritdoc/>
    public string Name => _options.Advertise;

    /// <inheritdoc/>
    public string? Problem => _redis.Problem ?? _alone;

    /// <inheritdoc/>
    public bool CanSave => Problem is null && _catalogue.CanSave;

    /// <inheritdoc/>
    public IReadOnlyList<string> Proxies => [.. (Silo?.ActiveProxies ?? []).Append(Name).Distinct().Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public IReadOnlyList<string> Gone => [.. (Silo?.GoneProxies ?? []).Order(StringComparer.Ordinal)];

    private SiloRun? Silo => _silo is { Died.IsCancellationRequested: false } silo ? silo : null;

    /// <summary>Joins the cluster. Returns after a few seconds at the latest; where it could not join by then, it keeps trying.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _loops = Task.WhenAll(
            Task.Run(RunAsync, CancellationToken.None), Task.Run(() => _catalogue.RunAsync(_stopping.Token), CancellationToken.None));
        await Task.WhenAny(_joined.Task, Task.Delay(_startWait, _time, cancellationToken));
    }

    /// <summary>Leaves the cluster: other proxies schedule its servers at once.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _loops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _redis.DisposeAsync();
    }

    /// <inheritdoc/>
    public IServerLink LinkTo(string server) => Link(server);

    /// <inheritdoc/>
    public bool HandOver(string server, string proxy) =>
        Silo is { } silo && silo.SiloOf(proxy) is { } target && silo.Side.HandOver(server, target, proxy);

    /// <inheritdoc/>
    public void Publish(CatalogueEntry entry) => _catalogue.Publish(entry);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ProxyReport>> ReportsAsync(bool withStatus, CancellationToken cancellationToken)
    {
        var calls = new List<Task<ProxyReport>> { Task.Run(() => _host.Report(withStatus), cancellationToken) };
        if (Silo is { } silo)
        {
            calls.AddRange(silo.ActiveProxies.Where(name => name != Name)
                .Select(name => silo.Grains.GetGrain<IProxyGrain>(name).Report(withStatus)));
        }

        Task all = Task.WhenAll(calls);
        await all.WaitAsync(_reportLimit, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        var reports = new List<ProxyReport>(calls.Count);
        foreach (var call in calls)
        {
            if (call.IsCompletedSuccessfully) reports.Add(await call);
            else call.Ignore();
        }

        return reports;
    }

    /// <inheritdoc/>
    public async Task<AdminReply?> AskAsync(string proxy, AdminRequest request, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (proxy == Name) return await _host.AnswerAsync(request, cancellationToken);
        if (Silo is not { } silo || !silo.ActiveProxies.Contains(proxy)) return null;
        using var late = new CancellationTokenSource(limit, _time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token, silo.Died);
        try
        {
            return await silo.Grains.GetGrain<IProxyGrain>(proxy).Ask(request, end.Token).WaitAsync(end.Token);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            _log.AskFailed(proxy, error.Message);
            return null;
        }
    }

    private ServerLink Link(string server) => _links.GetOrAdd(server, static (name, node) => new ServerLink(
        name, node.Name, () => node.Silo, node._options.OwnerLimit, node._time, node._log, node._stopping.Token), this);

    private async Task RunAsync()
    {
        var pause = _firstPause;
        while (!_stopping.IsCancellationRequested)
        {
            var start = _time.GetTimestamp();
            try
            {
                var wasGone = _redis.Problem is not null;
                if (await _redis.CheckAsync(_stopping.Token))
                {
                    // The proxies that are in the list give it back to a Redis that lost it, before one joins an empty list.
                    if (wasGone) await Task.Delay(_returnPause, _time, _stopping.Token);
                    await LiveAsync();
                }
            }
            catch (Exception error) when (!_stopping.IsCancellationRequested)
            {
                SetAlone($"Cluster {_options.Name} could not be joined: {error.Message}");
            }
            catch (OperationCanceledException)
            {
                return;
            }

            if (_time.GetElapsedTime(start) > TimeSpan.FromMinutes(1)) pause = _firstPause;
            await Task.Delay(pause, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, _longestPause.Ticks));
        }
    }

    /// <summary>One silo, from joining to falling out.</summary>
    private async Task LiveAsync()
    {
        var endpoint = await ClusterAddress.ResolveAsync(_options.Advertise, _stopping.Token);
        var side = new ProxySide(Name, _host, _catalogue, () => _links.Values.Select(static link => link.Owner), _time, _log);
        var run = await SiloRun.StartAsync(_options, endpoint, _redis, side, _logs, _stopping.Token);
        _silo = run;
        _alone = null;
        _redis.Returned = run.RedisReturnedAsync;
        _log.Joined(_options.Name, Name, run.ActiveProxies.Count());
        try
        {
            await PingAsync(run);
            _joined.TrySetResult();
            while (!run.Died.IsCancellationRequested && !_stopping.IsCancellationRequested)
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(run.Died, _stopping.Token);
                await Task.Delay(_period, _time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (either.IsCancellationRequested) break;
                await Task.WhenAll(_redis.CheckAsync(_stopping.Token), PingAsync(run));
            }
        }
        finally
        {
            _redis.Returned = null;
            if (_stopping.IsCancellationRequested) await run.StopAsync();
            else await FallOutAsync(run);
            _silo = null;
            _host.Met([]);
        }
    }

    private async Task FallOutAsync(SiloRun run)
    {
        var since = _time.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        SetAlone($"The other proxies of cluster {_options.Name} gave this one up at {since}; it joins again");
        foreach (var link in _links.Values) link.Forget();
        await run.AbandonAsync();
    }

    private async Task PingAsync(SiloRun run)
    {
        await Task.WhenAll(_host.Servers.Select(async server =>
        {
            try
            {
                await Link(server).PingAsync(run, _stopping.Token);
            }
            catch (Exception error)
            {
                _log.CallFailed(server, error.Message);
            }
        }));
    }

    private void SetAlone(string problem)
    {
        if (_alone == problem) return;
        _alone = problem;
        _log.Alone(problem);
    }
}
