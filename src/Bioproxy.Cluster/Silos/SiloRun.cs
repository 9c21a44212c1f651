using System.Net;
using Bioproxy.Cluster.Redis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Cluster.Silos;

/// <summary>A silo in this process, from joining the cluster to leaving it, or to being declared dead by the others.</summary>
internal sealed class SiloRun : IAsyncDisposable
{
    private static readonly TimeSpan _startLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _stopLimit = TimeSpan.FromSeconds(5);

    private readonly IHost _host;
    private readonly FatalErrors _errors;
    private readonly IClusterMembershipService _membership;
    private readonly CancellationTokenSource _stopping = new();
    private Task _watch = Task.CompletedTask;

    private SiloRun(IHost host, ProxySide side)
    {
        _host = host;
        Side = side;
        _errors = host.Services.GetRequiredService<FatalErrors>();
        _membership = host.Services.GetRequiredService<IClusterMembershipService>();
        Grains = host.Services.GetRequiredService<IGrainFactory>();
        Address = side.Silo = host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
    }

    public ProxySide Side { get; }

    public IGrainFactory Grains { get; }

    public SiloAddress Address { get; }

    /// <summary>Cancelled when the others declared this silo dead, or it cannot go on.</summary>
    public CancellationToken Died => _errors.Died;

    /// <summary>Why it died; null while it lives.</summary>
    public string? DeathReason => _errors.Reason;

    /// <summary>The names of the proxies that are in the cluster now.</summary>
    public IEnumerable<string> ActiveProxies =>
        _membership.CurrentSnapshot.Members.Values.Where(static member => member.Status == SiloStatus.Active)
            .Select(static member => member.Name).Distinct();

    /// <summary>The silo of an active proxy; null where it has none.</summary>
    public SiloAddress? SiloOf(string proxy) => _membership.CurrentSnapshot.Members.Values
        .Where(member => member.Status == SiloStatus.Active && member.Name == proxy).MaxBy(static member => member.SiloAddress.Generation)
        ?.SiloAddress;

    /// <summary>The names of the proxies that were in the cluster and are not any more; Redis keeps them for an hour.</summary>
    public IEnumerable<string> GoneProxies =>
        _membership.CurrentSnapshot.Members.Values.Where(static member => member.Status == SiloStatus.Dead)
            .Select(static member => member.Name).Distinct().Except(ActiveProxies);

    /// <summary>Joins the cluster. Throws where that fails.</summary>
    public static async Task<SiloRun> StartAsync(
        ClusterOptions options, IPEndPoint endpoint, RedisLink redis, ProxySide side, ILoggerFactory logs, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(_startLimit);
        var host = SiloSetup.Build(options, endpoint, redis, side, logs);
        SiloRun? run = null;
        try
        {
            run = new SiloRun(host, side);
            using var died = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, run.Died);
            await host.StartAsync(died.Token).WaitAsync(died.Token);
            run._watch = Task.Run(run.WatchAsync, CancellationToken.None);
            return run;
        }
        catch
        {
            if (run is not null) await run.AbandonAsync();
            throw;
        }
    }

    /// <summary>Redis is back: it gets the list of proxies again if it lost it, and this one reads what changed.</summary>
    public async Task RedisReturnedAsync()
    {
        await _host.Services.GetRequiredService<KeptMembershipTable>().KeepAsync();
        await _membership.Refresh(cancellationToken: _stopping.Token);
    }

    /// <summary>Waits for a call until the silo dies.</summary>
    public async Task<T> CallAsync<T>(Task<T> call, CancellationToken cancellationToken)
    {
        if (call.IsCompletedSuccessfully) return await call;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Died);
        return await call.WaitAsync(either.Token);
    }

    /// <summary>Leaves the cluster: other proxies schedule its servers at once.</summary>
    public async Task StopAsync()
    {
        await Side.ReleaseAllAsync();
        await EndAsync(_stopLimit);
    }

    /// <summary>Ends a silo that is not in the cluster any more.</summary>
    public async Task AbandonAsync()
    {
        await Side.ReleaseAllAsync();
        await EndAsync(TimeSpan.Zero);
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task EndAsync(TimeSpan grace)
    {
        await _stopping.CancelAsync();
        _errors.IsStopping = true;
        try
        {
            using var limit = new CancellationTokenSource(grace);
            await _host.StopAsync(limit.Token).WaitAsync(grace + _stopLimit);
        }
        catch (Exception error)
        {
            Side.Log.StopFailed(error.Message);
        }

        try
        {
            await Task.Run(async () => await ((IAsyncDisposable)_host).DisposeAsync()).WaitAsync(_stopLimit);
        }
        catch (Exception error)
        {
            Side.Log.StopFailed(error.Message);
        }

        await _watch;
    }

    /// <summary>Tells the servers of this proxy which silos died.</summary>
    private async Task WatchAsync()
    {
        var known = new Dictionary<SiloAddress, string>();
        try
        {
            await foreach (var snapshot in _membership.MembershipUpdates.WithCancellation(_stopping.Token))
            {
                foreach (var member in snapshot.Members.Values)
                {
                    if (member.Status == SiloStatus.Active) known.TryAdd(member.SiloAddress, member.Name);
                }

                var active = snapshot.Members.Values.Where(static member => member.Status == SiloStatus.Active);
                Side.Host.Met([.. active.Select(static member => member.Name)]);
                foreach (var (silo, name) in known.ToArray())
                {
                    if (silo.Equals(Address) || snapshot.GetSiloStatus(silo) is not (SiloStatus.Dead or SiloStatus.None)) continue;
                    known.Remove(silo);
                    Side.Lost(silo, name);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It stops.
        }
        catch (Exception error)
        {
            Side.Log.LoopFailed(error);
        }
    }
}
