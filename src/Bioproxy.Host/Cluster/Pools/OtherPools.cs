using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Cluster.Pools;

/// <summary>The pools of the other proxies: their models can be asked for here as long as their proxy is in the cluster, takes requests,
/// and can be reached.</summary>
internal sealed partial class OtherPools(
    ProxyOptions options, ModelDirectory models, SharedState shared, TimeProvider time, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, OtherPool> _there = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Proxy, Uri Address), OtherPool> _known = [];
    private readonly ILogger<OtherPools> _logger = loggers.CreateLogger<OtherPools>();
    private HashSet<string> _proxies = [];

    /// <summary>The pools that can be used now.</summary>
    public IReadOnlyList<OtherPool> All
    {
        get
        {
            lock (_lock)
                return [.. _there.Values];
        }
    }

    /// <summary>These proxies are in the cluster now.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Met(IReadOnlyCollection<string> proxies)
    {
        lock (_lock)
        {
            if (_proxies.SetEquals(proxies))
                return false;
            _proxies = [.. proxies];
        }

        foreach (var proxy in Leave(proxy => !proxies.Contains(proxy)))
            LogLeft(proxy);
        return true;
    }

    /// <summary>Takes over what proxies tell of themselves. One that did not answer in time is still there. Not to be called twice at the
    /// same time.</summary>
    public async Task TakeAsync(IReadOnlyList<ProxyReport> reports, ICluster cluster, CancellationToken cancellationToken)
    {
        foreach (var report in reports.Where(report => report.Proxy != cluster.Name))
        {
            var proxy = report.Proxy;
            var address = AddressIn(report, cluster.Name);
            foreach (var left in Leave(one => one == proxy, except: address))
                LogLeft(left);
            if (address is null)
                continue;
            if (!_known.TryGetValue((proxy, address), out var pool))
                _known[(proxy, address)] = pool = new OtherPool(proxy, address, cluster, options, shared, time, loggers);
            await pool.TakeAsync(report.Pool!, cancellationToken).ConfigureAwait(false);
            if (Enter(proxy, pool))
                LogMet(proxy, address, string.Join(", ", pool.Models.Select(static model => model.Name)));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pool in _known.Values)
            await pool.DisposeAsync().ConfigureAwait(false);
    }

    /// <returns>Null when nothing can be asked for there.</returns>
    private static Uri? AddressIn(ProxyReport report, string asking)
    {
        if (report is not { IsDraining: false, Pool: { Models.Length: > 0 } pool }
            || !Uri.TryCreate(pool.Address, UriKind.Absolute, out var address))
            return null;
        return !PoolAddress.IsOfItsMachine(address) || PoolAddress.AreOnOneMachine(report.Proxy, asking) ? address : null;
    }

    /// <returns>Whether it was not there before.</returns>
    private bool Enter(string proxy, OtherPool pool)
    {
        lock (_lock)
        {
            if (!_proxies.Contains(proxy))
                return false; // it left while it was asked
            var isNew = _there.TryAdd(proxy, pool);
            if (isNew)
                pool.Presence.Return();
            Show_NeedsLock();
            return isNew;
        }
    }

    /// <returns>The proxies whose pools were there.</returns>
    private List<string> Leave(Func<string, bool> isMeant, Uri? except = null)
    {
        lock (_lock)
        {
            var leaving = _there.Where(one => isMeant(one.Key) && one.Value.Address != except).ToList();
            foreach (var (proxy, pool) in leaving)
            {
                _there.Remove(proxy);
                pool.Presence.Leave();
            }

            if (leaving.Count > 0)
                Show_NeedsLock();
            return leaving.ConvertAll(static one => one.Key);
        }
    }

    private void Show_NeedsLock() => models.SetOthers([.. _there.Values.SelectMany(static pool => pool.Models)]);

    [LoggerMessage(LogLevel.Information, "The pool of proxy {Proxy} can be used from here, at {Address}: {Models}.")]
    private partial void LogMet(string proxy, Uri address, string models);

    [LoggerMessage(LogLevel.Information, "The pool of proxy {Proxy} cannot be used from here any more.")]
    private partial void LogLeft(string proxy);
}
