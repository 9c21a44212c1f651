using System.Text;
using Bioproxy.Doubles;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.WarmUp;
using Bioproxy.UnitTests.Transforms;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Admin;

/// <summary>What the admin pages are given, made from the real objects and a backend that only reports its facts.</summary>
public sealed class ModelStateTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bioproxy-admin-");
    private readonly FakeTimeProvider _clock = new();
    private readonly ProxyMetrics _metrics;
    private readonly SlotTable _table = new();
    private FactsBackend _backend = null!;
    private LlamaClient _client = null!;
    private BackendMonitor _monitor = null!;
    private ModelRecognition _recognition = null!;
    private SnapshotStore _store = null!;
    private EffectLedger _effects = null!;
    private ModelState _state = null!;

    public ModelStateTests() => _metrics = new ProxyMetrics(_clock);

    public async Task InitializeAsync()
    {
        _backend = await FactsBackend.StartAsync();
        var options = new ProxyOptions
        {
            BaseDirectory = _folder.FullName,
            StateDirectory = Path.Combine(_folder.FullName, "state"),
            BackendUrl = _backend.Address,
        };
        var folder = new StateFolder(options);
        var queue = new SlotQueue(_clock, options.QueueCapacity, options.QueueMaxLength, options.QueueMaxWait);
        _client = new LlamaClient(options.BackendUrl, options.ConnectTimeout, apiKey: null);
        _monitor = new BackendMonitor(_client, options, _clock, NullLogger<BackendMonitor>.Instance);
        _store = new SnapshotStore(folder, NullLogger<SnapshotStore>.Instance);
        _store.Load();
        _effects = new EffectLedger(_metrics, _clock, NullLogger<EffectLedger>.Instance);
        _recognition = new ModelRecognition(
            _client,
            _monitor,
            queue,
            _table,
            new SlotLook(_client, _table, _monitor, _clock),
            new FingerprintProbe(_client, folder, _clock, NullLogger<FingerprintProbe>.Instance),
            _effects,
            new LearnedRates(),
            options,
            _clock,
            NullLogger<ModelRecognition>.Instance);
        _monitor.Changed = _recognition.BackendChangedAsync;
        _state = new ModelState(_monitor, _recognition, queue, _table, _store, _effects, options);
    }

    public async Task DisposeAsync()
    {
        _monitor.Dispose();
        _client.Dispose();
        _metrics.Dispose();
        await _backend.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Backend_Recognised_HasItsFactsAndItsFingerprint()
    {
        Assert.False(_state.Backend.IsServing);
        await CheckAsync();

        var backend = _state.Backend;

        Assert.True(backend.IsServing);
        Assert.Equal(_recognition.Current!.Identity, backend.Fingerprint);
        var model = backend.Model!;
        Assert.Equal(("tiny", "b1-test", 2, 8192), (model.Name, model.Build, model.Slots, model.ContextPerSlot));
        Assert.True(model.CanSaveSlots);
        Assert.Equal((2, 0), (_state.Queue.Capacity, _state.Queue.Used));
        Assert.Equal(["interactive", "batch", "warm-up"], _state.Queue.Lanes.Select(lane => lane.Name));
    }

    [Fact]
    public async Task Backend_CannotSaveSlots_NamesTheFlag()
    {
        _backend.HasSlotFolder = false;
        await CheckAsync();

        Assert.Contains("--slot-save-path", _state.Backend.Model!.Missing, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Slots_AtWork_ShowWhatTheyHold()
    {
        await CheckAsync();
        var template = PromptChain.Of(Encoding.UTF8.GetBytes(new string('t', 3000)));
        _store.Add(Saved("file-a.bin", "@code", template));
        Begin(0, new SlotContent(template, 1, IsSaved: true));
        Begin(1, new SlotContent(PromptChain.Of("a question"u8), 1, IsSaved: false), isEnded: true);

        Assert.Equal(
            [
                new SlotSummary(0, true, new SlotHolding(SlotKind.Template, "@code", 3000), 5, true),
                new SlotSummary(1, false, new SlotHolding(SlotKind.Conversation, null, 10), 5, false),
            ],
            _state.Slots([WarmUpStatus.Initial("@code")]));
    }

    [Fact]
    public async Task Snapshots_AddedAndJudged_AreListedWithTheirRestores()
    {
        await CheckAsync();
        var snapshot = Saved("file-a.bin", "@code", PromptChain.Of("template"u8));
        _store.Add(snapshot);
        _store.Quarantine(Saved("file-b.bin", "@code", PromptChain.Of("other"u8)), "its file is gone");
        _effects.Judge(snapshot, 1000);
        _effects.Failed(snapshot);

        Assert.Equal([new SnapshotSummary("file-a.bin", "@code", snapshot.Fingerprint, true, 1000, 4000, snapshot.Created)], _state.Snapshots);
        Assert.Equal(["file-b.bin: its file is gone"], _state.Quarantined);
        Assert.Equal(["effective 1000", "failed "], _state.Restores.Select(restore => $"{restore.Status} {restore.Reused}"));
        Assert.Null(_state.RestoreDisabledReason);
    }

    private async Task CheckAsync()
    {
        await _monitor.CheckAsync(CancellationToken.None).DefaultTimeout();
        await _recognition.WhenDone().DefaultTimeout();
    }

    private Snapshot Saved(string file, string trigger, PromptChain chain) =>
        new(file, trigger, _recognition.Current!.Identity, 1000, "hash", 4000, _clock.GetUtcNow(), chain);

    private void Begin(int slot, SlotContent content, bool isEnded = false)
    {
        var work = _table.TryBegin(_monitor.State.Epoch, new SlotPlan(PromptSource.Hot, slot, 0), content.Chain)!;
        _table.Started(work);
        _table.SetContent(work, content);
        if (isEnded)
            _table.End(work, content, heldTokens: null);
    }
}
