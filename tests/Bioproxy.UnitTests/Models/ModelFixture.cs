using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Telemetry;
using Bioproxy.UnitTests.Backends;
using Bioproxy.UnitTests.Models.Snapshots;
using Bioproxy.UnitTests.PromptTests;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Models;

/// <summary>A served model made of the real objects, over a driver and an API that the test controls, on a clock of its own.</summary>
internal sealed class ModelFixture : IAsyncDisposable
{
    private readonly StoreFixture _folder = new();
    private int _files;

    public ModelFixture(
        Func<ProxyOptions, ProxyOptions>? change = null,
        TimeProvider? time = null,
        int slots = 2,
        string name = BackendOptions.DefaultName,
        IModelLoader? loader = null,
        RatesByModel? rates = null,
        bool isPooled = false)
    {
        var clock = time ?? Clock;
        Options = change?.Invoke(_folder.Options) ?? _folder.Options;
        Api = new FakeSlotApi(slots);
        Driver = new FakeDriver(Api);
        Driver.OnDiscover = _ => Task.FromResult(Ready);
        Metrics = new ProxyMetrics(clock);
        Store = new SnapshotStore(_folder.Folder, Options, clock, NullLogger<SnapshotStore>.Instance);
        Store.Load();
        Context = new ModelContext
        {
            Options = Options,
            Snapshots = Store,
            Fingerprints = new FingerprintProbe(_folder.Folder, clock, NullLogger<FingerprintProbe>.Instance),
            Rates = new LearnedRates(rates),
            Effectiveness = new RestoreEffectiveness(Metrics, clock, NullLogger<RestoreEffectiveness>.Instance),
            Metrics = Metrics,
            Time = clock,
            Loggers = NullLoggerFactory.Instance,
            Uptime = new Uptime(clock),
        };
        Queue = new SlotQueue(clock, slots, Options.QueueMaxLength, Options.QueueMaxWait);
        var url = new Uri("http://backend.test/");
        var monitor = new BackendMonitor(Driver, url, TimeSpan.FromSeconds(2), clock, NullLogger<BackendMonitor>.Instance);
        Backend = new Backend(
            Options.DefaultBackend with { Name = name, IsPooled = isPooled },
            Driver,
            monitor,
            new BackendSender(Options.DefaultBackend, Options))
        {
            Loader = loader,
        };
        Model = new ServedModel(Context, Backend, Queue);
        Ready = Discovery.Found(BackendStatus.Ready, FakeDriver.Facts with { TotalSlots = slots }, null);
    }

    public Discovery Ready { get; }

    public TestClock Clock { get; } = new();

    public ProxyOptions Options { get; }

    public FakeSlotApi Api { get; }

    public FakeDriver Driver { get; }

    public ProxyMetrics Metrics { get; }

    public SnapshotStore Store { get; }

    public StateFolder Folder => _folder.Folder;

    public ModelContext Context { get; }

    public SlotQueue Queue { get; }

    public Backend Backend { get; }

    public ServedModel Model { get; }

    public ModelInstance Instance => Model.Current;

    public SlotTable Table => Instance.Table;

    /// <summary>The current instance's view of the backend, for parts of an instance that a test makes itself.</summary>
    public InstanceBackend Seen => new(Backend, Backend.Monitor.State);

    public ProcessProof Proof => new(Seen, Instance.Watcher);

    public Task<BackendState> CheckAsync() => Backend.Monitor.CheckAsync(CancellationToken.None).DefaultTimeout();

    /// <summary>Finds the backend ready, and waits until its model is recognised.</summary>
    public async Task StartAsync()
    {
        await CheckAsync();
        await Instance.Recognition.FirstAttempt.DefaultTimeout();
        Assert.NotNull(Instance.Recognition.Fingerprint);
    }

    /// <summary>Something contradicts the state, and the backend is found ready at the next check.</summary>
    public async Task ReplaceAsync()
    {
        Backend.Monitor.Suspect(Backend.Monitor.State, "test");
        await CheckAsync();
    }

    /// <summary>The server had work before the proxy knew it.</summary>
    public void RunBefore()
    {
        Api.Run(0, 700);
        Api.Run(1, 700);
    }

    public static string Text(char letter, int length = 4000) => new(letter, length);

    public ValueTask<Placement> PlaceAsync(CanonicalPrompt? prompt, CancellationToken cancellationToken = default) =>
        Instance.PlaceAsync(prompt, null, 1, Lane.Interactive, cancellationToken);

    /// <summary>Runs a whole request; a token is four bytes.</summary>
    /// <returns>Where it was placed.</returns>
    public async Task<Placement> RunAsync(string text, int cached = 0, Func<WorkOutcome, WorkOutcome>? change = null, int unpinned = 0)
    {
        using var prompt = TestPrompts.Of(text);
        var placement = await PlaceAsync(prompt).DefaultTimeout();
        await FinishAsync(placement, text, cached, change, unpinned);
        return placement;
    }

    /// <summary>The answer of a placed request; one without a pin goes where <paramref name="unpinned"/> says.</summary>
    public async Task FinishAsync(
        Placement placement, string text, int cached = 0, Func<WorkOutcome, WorkOutcome>? change = null, int unpinned = 0)
    {
        Api.Run(placement.Slot ?? unpinned, text.Length / 4);
        Instance.Started(placement);
        var outcome = new WorkOutcome(IsComplete: true, IsStreaming: true, new PromptTimings(cached, (text.Length / 4) - cached, 0), 1);
        await Instance.SettleAsync(placement, change?.Invoke(outcome) ?? outcome).DefaultTimeout();
    }

    /// <summary>A snapshot on disk that fits the recognised model.</summary>
    public Snapshot AddSnapshot(string text, string trigger = "")
    {
        using var prompt = TestPrompts.Of(text);
        return AddSnapshot(prompt, trigger);
    }

    /// <summary>A snapshot on disk that fits the recognised model.</summary>
    public Snapshot AddSnapshot(CanonicalPrompt prompt, string trigger = "")
    {
        var file = $"snapshot-{++_files}.bin";
        var tokens = prompt.Chain.Length / 4;
        var snapshot = new Snapshot(
            file, trigger, Instance.Recognition.Fingerprint!, tokens, "", tokens * 10, Context.Time.GetUtcNow(), prompt.Chain);
        Api.AddFile(file, tokens);
        Store.Add(snapshot);
        return snapshot;
    }

    /// <summary>Nothing is owned by anybody: no slot is at work, no lease is out, no snapshot is held.</summary>
    public void AssertNothingIsOwned()
    {
        Assert.All(Table.View(), slot => Assert.False(slot.IsBusy));
        Assert.Equal(0, Queue.View.Used);
        Assert.All(Store.All, snapshot => Assert.False(Store.Describe(snapshot).IsInUse));
    }

    public async ValueTask DisposeAsync()
    {
        await Model.DisposeAsync().DefaultTimeout();
        Backend.Dispose();
        await Store.WhenDiscarded().DefaultTimeout();
        Metrics.Dispose();
        _folder.Dispose();
    }
}
