using System.Net;
using Bioproxy.Cluster.Servers;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Cluster;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Cluster.Simulation;

/// <summary>One life of a proxy: everything between its clients and the server is real, but for the wire.</summary>
internal sealed class SimulatedProxy : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private static int _generations;

    private readonly SimulatedCluster _cluster;
    private readonly CatalogueProxy _state;
    private readonly ProxyMetrics _metrics;
    private readonly CancellationTokenSource _died = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly SharedServer _shared;
    private readonly Task _loops;
    private CancellationTokenSource _leaving = new();

    public SimulatedProxy(SimulatedCluster cluster, int place, CatalogueProxy state)
    {
        (_cluster, Place, _state) = (cluster, place, state);
        Store = state.Store;
        var time = cluster.World.Time;
        _metrics = new ProxyMetrics(time);
        Silo = NewSilo();
        Link = new SimulatedLink(cluster, this);
        var context = new ModelContext
        {
            Options = state.Options,
            Snapshots = state.Store,
            Fingerprints = state.Fingerprints,
            Rates = new LearnedRates(state.Rates),
            Effectiveness = new RestoreEffectiveness(_metrics, time, NullLogger<RestoreEffectiveness>.Instance),
            Metrics = _metrics,
            Time = time,
            Loggers = NullLoggerFactory.Instance,
            Uptime = new Uptime(time),
        };
        var options = state.Options.DefaultBackend;
        var driver = new SlotServerDriver(cluster.World, cluster.Server, this);
        var monitor = new BackendMonitor(driver, options.Url, Period, time, NullLogger<BackendMonitor>.Instance);
        var backend = new Backend(options, driver, monitor, new BackendSender(options, state.Options));
        var queue = new SlotQueue(time, SimulatedCluster.Slots, state.Options.QueueMaxLength, state.Options.QueueMaxWait);
        Model = new ServedModel(context, backend, queue);
        _shared = new SharedServer("10.0.0.9:8081", Name, Link);
        _shared.Add(Model);
        Model.ShareWith(new RemoteModel(_shared, Model, time));
        _loops = Task.WhenAll(monitor.RunAsync(_stopping.Token), PingAsync(), SaveAsync());
    }

    public int Place { get; }

    public string Name => _state.Name;

    /// <summary>A proxy that died or was given up is another silo when it is back.</summary>
    public SiloAddress Silo { get; private set; }

    /// <summary>Cancelled when it leaves <see cref="Silo"/>.</summary>
    public CancellationToken LeftSilo => _leaving.Token;

    /// <summary>It is in the cluster, as far as it knows.</summary>
    public bool IsJoined
    {
        get;
        set
        {
            field = value;
            if (!value)
                _leaving.Cancel();
        }
    } = true;

    public bool IsAlive => !_died.IsCancellationRequested;

    public CancellationToken Died => _died.Token;

    public SnapshotStore Store { get; }

    public ServedModel Model { get; }

    public SimulatedLink Link { get; }

    /// <summary>The ownership that it took last.</summary>
    public Activation? Owned { get; private set; }

    /// <summary>Its own scheduling, while it owns the server.</summary>
    public ServerOwner? Scheduling { get; private set; }

    public static ProxyOptions OptionsOf(ProxyOptions options, int seed) => options with
    {
        KvMinTokens = 64,
        KvSave = seed % 2 == 0 ? SaveMode.Always : SaveMode.Auto,
        KvMaxSnapshots = 20,
        QueueMaxLength = 24,
        QueueMaxWait = TimeSpan.FromSeconds(30),
    };

    /// <summary>It schedules the server from now on.</summary>
    public Activation Own(Guid id)
    {
        Scheduling = new ServerOwner(_shared, NullLogger<ServerOwner>.Instance, _state.Conversations);
        _shared.Take(Scheduling);
        return Owned = new Activation(id, this, new OwnedServer(_shared.Name, Scheduling));
    }

    /// <summary>It is back in the cluster with a new silo.</summary>
    public void Rejoin()
    {
        (Silo, _leaving) = (NewSilo(), new CancellationTokenSource());
        Link.Forget();
        IsJoined = true;
    }

    /// <summary>Its process is killed.</summary>
    public void Die()
    {
        _died.Cancel();
        _leaving.Cancel();
    }

    /// <summary>What a killed process leaves behind in this one.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (IsAlive)
        {
            await _loops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Model.DisposeAsync().ConfigureAwait(false);
            await Store.WhenDiscarded().ConfigureAwait(false);
        }

        _metrics.Dispose();
    }

    private SiloAddress NewSilo() => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11111 + Place), ++_generations);

    private async Task PingAsync()
    {
        while (IsAlive && !_stopping.IsCancellationRequested)
        {
            try
            {
                if (IsJoined)
                    await Link.PingAsync().ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // the next one
            }

            await Task.Delay(Period, _cluster.World.Time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SaveAsync()
    {
        while (IsAlive && !_stopping.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(2.5), _cluster.World.Time, _stopping.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!IsAlive || !Model.Current.HasSlots)
                continue;
            await Model.Current.Saver.SaveAllAsync("when idle", TimeSpan.FromSeconds(1), goesFirst: false, _stopping.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
