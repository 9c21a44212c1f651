using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Pool;
using Bioproxy.Host.Routing;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>
/// Three models on four backends that share a slot directory: a llama-server with one of them, a router and a llama-swap that load one of
/// three, and a pool that does. Everything of the proxy between the routing and the control calls is real.
/// </summary>
internal sealed class Fleet : IAsyncDisposable
{
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan MaxSave = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan MinLoaded = TimeSpan.FromSeconds(2);

    private static readonly Dictionary<string, int> Weights = new(StringComparer.Ordinal) { ["a"] = 1, ["b"] = 2, ["c"] = 3 };

    /// <summary>In memory where there is such a folder: every description of a snapshot is flushed to the disk.</summary>
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(
        Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"bioproxy-fleet-{Guid.NewGuid():n}")).FullName;
    private readonly ProxyOptions _options;
    private readonly ProxyMetrics _metrics;
    private readonly PoolUse _use = new();
    private readonly PoolLoop _poolLoop;
    private readonly BackendDirectory _backends;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _checking;

    public Fleet(int seed)
    {
        var slots = Directory.CreateDirectory(Path.Combine(_folder, "slots")).FullName;
        World = new FleetWorld(Time, seed, slots);
        _options = OptionsOf(slots, seed);
        _metrics = new ProxyMetrics(Time);
        var state = new StateFolder(_options);
        state.Create();
        Store = new SnapshotStore(state, _options, Time, NullLogger<SnapshotStore>.Instance);
        Store.Load();
        Desk = new SimulatedModel(World, "a") { Process = new SimulatedProcess(World, "desk", Weights["a"], 2) };
        RouterServer = new SimulatedModelServer(World, "router", isRouter: true, Weights);
        SwapServer = new SimulatedModelServer(World, "swap", isRouter: false, Weights);
        PoolServers = new SimulatedPoolServers(
            World, 1, Weights.ToDictionary(static one => $"pool-{one.Key}", static one => one.Value, StringComparer.Ordinal));
        Pool = new ModelPool(
            _options.Pool!, new PoolRules(MaxSave, MaxWait), PoolServers, _use, Time, NullLogger<ModelPool>.Instance);
        _backends = new BackendDirectory(
        [
            BackendOf(_options.Backends[0], Desk), HostOf(_options.Backends[1], RouterServer), HostOf(_options.Backends[2], SwapServer),
            .. _options.PoolBackends.Select(PooledOf),
        ]);
        Models = new ModelDirectory(_backends, new SharedState(
            _options,
            Store,
            new FingerprintProbe(state, Time, NullLogger<FingerprintProbe>.Instance),
            _metrics,
            new Uptime(Time),
            Time,
            NullLoggerFactory.Instance));
        Router = new ModelRouter(Models, _options);
        _poolLoop = new PoolLoop(
            Pool, _use, new OrphanCleaner(PoolFolders.Of(_options), Time, NullLogger<OrphanCleaner>.Instance), Time);
        _checking = _backends.RunAsync(_stopping.Token);
    }

    public TestClock Time { get; } = new();

    public FleetWorld World { get; }

    public SnapshotStore Store { get; }

    public SimulatedModel Desk { get; }

    public SimulatedModelServer RouterServer { get; }

    public SimulatedModelServer SwapServer { get; }

    public SimulatedPoolServers PoolServers { get; }

    public ModelPool Pool { get; }

    public ModelDirectory Models { get; }

    public ModelRouter Router { get; }

    /// <summary>The models that serve requests.</summary>
    public IEnumerable<ServedModel> Served => Models.All.Where(static model => !model.IsServer);

    public Task StartAsync() => _poolLoop.StartAsync(CancellationToken.None);

    /// <summary>A server with other weights of the same shape under the same name, or the usual ones.</summary>
    public void StartDesk(bool withOtherWeights) =>
        Desk.Process = new SimulatedProcess(World, "desk", withOtherWeights ? 4 : Weights["a"], 2);

    /// <summary>Sends a request where it was routed to.</summary>
    public Task<SimulatedAnswer> SendAsync(Backend backend, string text, int? pin, Action started, CancellationToken gone) =>
        backend.Name switch
        {
            "router" => RouterServer.RunAsync(backend.Model!, text, pin, started, gone),
            "swap" => SwapServer.RunAsync(backend.Model!, text, pin, started, gone),
            var name => (name == "desk" ? Desk : PoolServers.Models[name]).Process is { } process
                ? process.RunAsync(text, pin, started, gone)
                : Task.FromResult(default(SimulatedAnswer)),
        };

    public async ValueTask DisposeAsync()
    {
        World.IsStopping = true;
        await _poolLoop.StopAsync(CancellationToken.None).ConfigureAwait(false);
        _poolLoop.Dispose();
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _checking.ConfigureAwait(false);
        await Pool.DisposeAsync().ConfigureAwait(false);
        await Models.DisposeAsync().ConfigureAwait(false);
        await Store.WhenDiscarded().ConfigureAwait(false);
        _backends.Dispose();
        _metrics.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private ProxyOptions OptionsOf(string slots, int seed)
    {
        BackendOptions Of(string name, BackendKind kind) =>
            new(name, new Uri($"http://{name}.test/")) { Kind = kind, SlotDirectory = slots };
        var options = new ProxyOptions
        {
            BaseDirectory = _folder,
            StateDirectory = _folder,
            Backends =
            [
                Of("desk", BackendKind.LlamaServer), Of("router", BackendKind.Router), Of("swap", BackendKind.LlamaSwap),
            ],
            Pool = new PoolOptions
            {
                Models = [.. Weights.Keys.Select(static name => new PoolModelOptions($"pool-{name}") { Hf = "o/r" })],
                MaxLoaded = 1,
                MinLoaded = MinLoaded,
            },
            Models =
            [
                .. Weights.Keys.Select(static name => new ModelOptions(
                    name,
                    [
                        .. name == "a" ? [new ModelUse("desk", null)] : Array.Empty<ModelUse>(),
                        new("router", name), new("swap", name), new($"pool-{name}", null),
                    ],
                    [])),
            ],
            SwapMaxWait = MaxWait,
            SwapMaxSave = MaxSave,
            QueueMaxWait = TimeSpan.FromSeconds(30),
            QueueMaxLength = 24,
            KvSave = seed % 2 == 0 ? SaveMode.Always : SaveMode.Auto,
            KvMinTokens = 64,
            KvMinFreeBytes = 0,
            KvMaxSnapshots = 40,
        };

        // All see one disk, so only the fingerprint keeps them from each other's files.
        return options with
        {
            Storage = options.AllBackends.Select(static one => one.SlotDirectory!).Distinct().ToDictionary(
            static folder => folder, static _ => "disk", StringComparer.Ordinal)
        };
    }

    private Backend BackendOf(BackendOptions options, IBackendDriver driver) =>
        new(options, driver, MonitorOf(options, driver), new BackendSender(options, _options));

    private Backend PooledOf(BackendOptions options)
    {
        var driver = new PooledModelDriver(options.Name, Pool, PoolServers.Models[options.Name]);
        return new Backend(options, driver, MonitorOf(options, driver), new BackendSender(options, _options))
        {
            Loader = new PooledModel(options.Name, Pool, _use),
        };
    }

    private Backend HostOf(BackendOptions options, SimulatedModelServer server)
    {
        var gate = new SwapGate(Time, MaxWait, MaxSave, NullLogger<SwapGate>.Instance) { Unload = server.UnloadAsync };
        var host = new ModelHost(server, gate, Time, MakeModel);
        if (server.CanUnload)
            gate.StopLoad = host.StopLoadAsync;
        var driver = new ModelServerDriver(host);
        return new Backend(options, driver, MonitorOf(options, driver), new BackendSender(options, _options)) { Server = host };

        Backend MakeModel(ModelHost listing, ListedModel model)
        {
            var hosted = new HostedModelDriver(listing, model.Name);
            return new Backend(options, hosted, MonitorOf(options, hosted), new BackendSender(options, _options))
            {
                Model = model.Name,
                Host = listing,
                Loader = new GatedModel(model.Name, listing.Gate, server.CanUnload),
            };
        }
    }

    private BackendMonitor MonitorOf(BackendOptions options, IBackendDriver driver) =>
        new(driver, options.Url, _options.HealthCheckInterval, Time, NullLogger<BackendMonitor>.Instance);
}
