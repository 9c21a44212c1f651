using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Recognition;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models;

/// <summary>
/// One model on one backend in one process lifetime, and all that dies with it: what its slots hold, the work on them, the fingerprint.
/// When the backend may have become another process the instance is retired and a new one takes its place; work that still holds the old
/// one cannot disturb it.
/// </summary>
internal sealed partial class ModelInstance : IAsyncDisposable
{
    private static int _last;

    private readonly InstanceBackend _backend;
    private readonly SlotTable _table;
    private readonly Settlement? _settlement;
    private readonly CancellationTokenSource _retired = new();
    private readonly IReadOnlyList<IDisposable> _registrations = [];
    private readonly Task _recognising;
    private readonly ILogger<ModelInstance> _logger;

    public ModelInstance(ModelContext context, Backend backend, BackendState state, SlotQueue queue, bool isOwned = true)
    {
        _logger = context.Loggers.CreateLogger<ModelInstance>();
        _backend = new InstanceBackend(backend, state);
        HasSlots = isOwned && state.HasSlots;
        _table = new SlotTable(HasSlots ? state.Facts!.TotalSlots!.Value : 0, context.Domains);
        Watcher = new SlotWatcher(_backend, _table, context.Time, _retired.Token);
        Recognition = new ModelRecognition(context, _backend, _table, Watcher, queue);
        Writer = new SnapshotWriter(context, _backend, Recognition);
        Saver = new ConversationSaver(context, _backend, _table, Watcher, queue, Recognition, Writer);
        if (!HasSlots)
        {
            Scheduler = new ServerChoosesScheduler(context, _backend, isOwned);
            _recognising = Task.CompletedTask;
            return;
        }

        var proof = new ProcessProof(_backend, Watcher);
        _settlement = new Settlement(context, _backend, _table, Watcher, proof, _retired.Token);
        var restorer = new Restorer(context, _backend, _table, proof);
        var inputs = new PlacementInputs(context, _table, Recognition, Saver);
        Scheduler = new SlotScheduler(
            context, _backend, _table, Watcher, inputs, new SlotActions(context, _table, restorer, Saver), _settlement);
        _registrations =
        [
            context.Snapshots.Subscribe(_table.ForgetSaved),
            context.Snapshots.Use(context.Place, new SlotFileShrinker(_backend.Api, _table)),
        ];
        _recognising = Recognition.RunAsync(_retired.Token);
    }

    /// <summary>Counts up with every instance of this process.</summary>
    public int Number { get; } = Interlocked.Increment(ref _last);

    public BackendState State => _backend.State;

    /// <summary>Its slots are seen, and scheduled by this proxy.</summary>
    public bool HasSlots { get; }

    /// <summary>Placement and settlement.</summary>
    public ISlotScheduler Scheduler { get; }

    public SlotTable Table => _table;

    public SlotWatcher Watcher { get; }

    public ModelRecognition Recognition { get; }

    public SnapshotWriter Writer { get; }

    public ConversationSaver Saver { get; }

    /// <summary>The control calls; only of an instance with slots.</summary>
    public ISlotApi Api => _backend.Api;

    /// <summary>Another instance has taken its place.</summary>
    public CancellationToken Retired => _retired.Token;

    /// <summary>Whether a slot holds a prefix of this prompt now. Quick: the queue asks under its lock.</summary>
    public bool IsHot(CanonicalPrompt prompt) => Scheduler.IsHot(prompt);

    /// <summary>What placing this prompt now would choose.</summary>
    public PlanOption Estimate(CanonicalPrompt? prompt, Lane lane) => Scheduler.Estimate(prompt, lane);

    /// <summary>Decides and prepares where a leased prompt goes.</summary>
    /// <exception cref="OperationCanceledException">The client left; nothing is left behind.</exception>
    public ValueTask<Placement> PlaceAsync(
        CanonicalPrompt? prompt, string? domain, int weight, Lane lane, CancellationToken cancellationToken) =>
        Scheduler.PlaceAsync(prompt, domain, weight, lane, cancellationToken);

    /// <summary>The backend's first byte came.</summary>
    public void Started(Placement placement) => Scheduler.Started(placement);

    /// <summary>Learns from how the work ended; returns when its slot is idle.</summary>
    public Task SettleAsync(Placement placement, WorkOutcome outcome) => Scheduler.SettleAsync(placement, outcome);

    /// <summary>Gives a lease back, after saving what its slot would not keep. Returns at once; the saving happens in the
    /// background.</summary>
    public void Return(Lease lease)
    {
        if (Saver.SavesAtOnce)
            _ = Saver.SaveThenReleaseAsync(lease);
        else
            lease.Release();
        _settlement?.CatchUpSoon();
    }

    /// <summary>To be awaited before a request that would wake a sleeping server.</summary>
    public ValueTask NoticeSleepAsync(CancellationToken cancellationToken) => _backend.NoticeSleepAsync(cancellationToken);

    /// <summary>Saves what is worth it before the adapters change.</summary>
    public Task SaveBeforeAdaptersChangeAsync(CancellationToken cancellationToken) =>
        Saver.SaveAllAsync("before the adapters change", TimeSpan.Zero, goesFirst: true, cancellationToken);

    /// <summary>Something contradicts what is known of this process.</summary>
    public void Suspect(string reason) => _backend.Suspect(reason);

    /// <summary>Ends everything that belongs to this process lifetime; what is still under way finds nothing to change.</summary>
    public async ValueTask DisposeAsync()
    {
        _table.Retire();
        foreach (var registration in _registrations)
            registration.Dispose();
        await _retired.CancelAsync().ConfigureAwait(false);
        try
        {
            await _recognising.ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogRetireFailed(e); // the fence of a background task
        }
        catch (OperationCanceledException)
        {
            // it was stopped
        }

        Recognition.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "Recognising a model that is being retired failed.")]
    private partial void LogRetireFailed(Exception exception);
}
