using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Routing;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Bioproxy.Benchmarks.Routing;

/// <summary>The real router, queues, schedulers and snapshot store over simulated instances of one model with one slot folder.</summary>
internal sealed class SimulatedFleet : IAsyncDisposable
{
    private readonly DirectoryInfo _state;
    private readonly BackendDirectory _backends;
    private readonly ModelDirectory _models;
    private readonly ProxyMetrics _metrics;

    /// <param name="instances">How many.</param>
    /// <param name="diskBlocks">Room on disk; 0 for none.</param>
    /// <param name="rule">What is evicted from it.</param>
    public SimulatedFleet(int instances, int diskBlocks, EvictionRule rule)
    {
        Rule = rule;
        var memory = new DirectoryInfo("/dev/shm");
        _state = memory.Exists
            ? memory.CreateSubdirectory($"bioproxy-bench-{Guid.NewGuid():n}")
            : Directory.CreateTempSubdirectory("bioproxy-bench-");
        var folder = _state.CreateSubdirectory("slots").FullName;
        Options = new ProxyOptions
        {
            BaseDirectory = _state.FullName,
            StateDirectory = _state.FullName,
            Backends = [.. Enumerable.Range(0, instances)
                .Select(number => new BackendOptions($"b{number}", new Uri($"http://b{number}.test/")) { SlotDirectory = folder })],
            KvEnabled = diskBlocks > 0,
            KvSave = SaveMode.Always,
            KvMaxBytes = (long)diskBlocks * SimulatedRates.BlockTokens * SimulatedRates.TokenBytes,
            KvMaxSnapshots = int.MaxValue,
            KvMaxWritePerHour = long.MaxValue,
            KvMinFreeBytes = 0,
            QueueMaxLength = int.MaxValue,
            QueueMaxWait = TimeSpan.FromDays(30),
        };
        var state = new StateFolder(Options);
        state.Create();
        _metrics = new ProxyMetrics(Clock);
        Store = new SnapshotStore(state, Options, Clock, NullLogger<SnapshotStore>.Instance) { Value = rule.Value };
        Store.Load();
        var shared = new SharedState(
            Options, Store, new FingerprintProbe(state, Clock, NullLogger<FingerprintProbe>.Instance), _metrics, new Uptime(Clock), Clock,
            NullLoggerFactory.Instance);
        var files = new Dictionary<string, int[]>(StringComparer.Ordinal);
        Slots = [.. Options.Backends.Select(_ => new SimulatedSlots(folder, files))];
        _backends = new BackendDirectory(Options.Backends.Select((options, number) => BackendOf(options, Slots[number])));
        _models = new ModelDirectory(_backends, shared);
        Router = new ModelRouter(_models, Options);
    }

    public EvictionRule Rule { get; }

    public FakeTimeProvider Clock { get; } = new();

    public ProxyOptions Options { get; }

    public SnapshotStore Store { get; }

    public IReadOnlyList<SimulatedSlots> Slots { get; }

    public IReadOnlyList<ServedModel> Models => _models.All;

    public ModelRouter Router { get; }

    /// <summary>Finds all instances ready and recognises their model.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var model in Models)
        {
            await model.Backend.Monitor.CheckAsync(cancellationToken);
            await model.Current.Recognition.FirstAttempt.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
            if (Options.KvEnabled && model.Current.Recognition.Fingerprint is null)
                throw new InvalidOperationException("A simulated model was not recognised.");
        }

        foreach (var slots in Slots)
            slots.TakeSeconds();
    }

    public async ValueTask DisposeAsync()
    {
        await _models.DisposeAsync();
        _backends.Dispose();
        _metrics.Dispose();
        _state.Delete(recursive: true);
    }

    private Backend BackendOf(BackendOptions options, SimulatedSlots slots)
    {
        var driver = new SimulatedDriver(slots);
        var monitor = new BackendMonitor(driver, options.Url, TimeSpan.FromSeconds(2), Clock, NullLogger<BackendMonitor>.Instance);
        return new Backend(options, driver, monitor, new BackendSender(options, Options));
    }
}
