using System.Collections.Concurrent;
using Bioproxy.Cluster.Catalogue;
using Bioproxy.Cluster.Servers;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Placement;

namespace Bioproxy.Cluster.Silos;

/// <summary>The proxy as the grains in its process see it, for one run of its silo.</summary>
internal sealed class ProxySide(
    string proxy, IClusterHost host, CatalogueCopy catalogue, Func<IEnumerable<string?>> owners, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan _refusalAge = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(string Server, string Proxy), long> _refusals = new();
    private readonly ConcurrentDictionary<OwnedServer, IGrainContext> _owned = new();
    private volatile bool _isStopping;

    public string Proxy => proxy;

    public IClusterHost Host => host;

    public CatalogueCopy Catalogue => catalogue;

    public TimeProvider Time => time;

    public ILogger Log => log;

    /// <summary>This silo; null until it has started.</summary>
    public SiloAddress? Silo { get; set; }

    /// <summary>How many servers each proxy schedules, as far as this one knows.</summary>
    public Dictionary<string, int> OwnedByProxy() =>
        owners().OfType<string>().GroupBy(static name => name).ToDictionary(static group => group.Key, static group => group.Count());

    /// <summary>A proxy said that it does not schedule a server: it is not asked again for a while.</summary>
    public void NoteRefusal(string server, string name) => _refusals[(server, name)] = time.GetTimestamp();

    public bool HasRefused(string server, string name) =>
        _refusals.TryGetValue((server, name), out var at) && time.GetElapsedTime(at) < _refusalAge;

    /// <returns>Null when this proxy does not have the server, or is stopping.</returns>
    public OwnedServer? Own(string server, IGrainContext grain)
    {
        if (_isStopping) return null;
        try
        {
            if (host.Own(server) is not { } owner) return null;
            var owned = new OwnedServer(server, owner);
            _owned[owned] = grain;
            log.Owns(server);
            return owned;
        }
        catch (Exception error)
        {
            log.OwnFailed(error, server);
            return null;
        }
    }

    public async Task ReleaseAsync(OwnedServer owned)
    {
        if (!_owned.TryRemove(owned, out _)) return;
        try
        {
            await owned.DisposeAsync();
            log.Released(owned.Name);
        }
        catch (Exception error)
        {
            log.OwnFailed(error, owned.Name);
        }
    }

    /// <summary>Another proxy schedules the server as soon as no call for it is under way; calls that come meanwhile follow it.</summary>
    public bool HandOver(string server, SiloAddress silo, string name)
    {
        var (owned, grain) = _owned.FirstOrDefault(pair => pair.Key.Name == server);
        if (owned is null || _isStopping) return false;
        log.HandsOver(server, name);
        grain.Migrate(new Dictionary<string, object> { [IPlacementDirector.PlacementHintKey] = silo });
        return true;
    }

    /// <summary>Gives all servers up, and takes no other: the proxy stops, or is not in the cluster any more.</summary>
    public async Task ReleaseAllAsync()
    {
        _isStopping = true;
        var owned = _owned.ToArray();
        await Task.WhenAll(owned.Select(server => ReleaseAsync(server.Key)));
        foreach (var (_, grain) in owned)
            grain.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "The proxy stops."));
    }

    /// <summary>A silo is dead: what its proxy asked of this one ends.</summary>
    public void Lost(SiloAddress silo, string name)
    {
        log.ProxyLost(name, silo.ToString());
        foreach (var owned in _owned.Keys) owned.Lost(silo, name);
    }
}
