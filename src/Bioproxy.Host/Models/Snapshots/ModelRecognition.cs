using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Slots;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// Meets a backend that appeared or came back: gives the queue its number of slots, forgets what slots held, and finds out, with
/// one short probe in a slot of its own turn, which model it is and whether it empties idle slots. Until that is done for the
/// current epoch there is no identity, and without identity no snapshot is restored or saved.
/// </summary>
internal sealed partial class ModelRecognition
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    private readonly LlamaClient _client;
    private readonly BackendMonitor _monitor;
    private readonly SlotQueue _queue;
    private readonly SlotTable _table;
    private readonly SlotLook _look;
    private readonly Identifier _identifier;
    private readonly EffectLedger _effects;
    private readonly LearnedRates _rates;
    private readonly ProxyOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ModelRecognition> _logger;
    private volatile CurrentModel? _current;
    private volatile Task _recognising = Task.CompletedTask;

    public ModelRecognition(
        LlamaClient client, BackendMonitor monitor, SlotQueue queue, SlotTable table, SlotLook look, Identifier identifier, EffectLedger effects, LearnedRates rates, ProxyOptions options, TimeProvider time, ILogger<ModelRecognition> logger)
    {
        _client = client;
        _monitor = monitor;
        _queue = queue;
        _table = table;
        _look = look;
        _identifier = identifier;
        _effects = effects;
        _rates = rates;
        _options = options;
        _time = time;
        _logger = logger;
    }

    /// <summary>Something the warm-up should know of: a model was recognised.</summary>
    public Action? Recognised { get; set; }

    /// <summary>The last recognised model, for status.</summary>
    public CurrentModel? Current => _current;

    /// <summary>The identity of the model in this epoch, or null while it is not known.</summary>
    public string? Identity(int epoch) => _current is { } current && current.Epoch == epoch ? current.Identity : null;

    /// <summary>Whether slots of a backend in this state are managed: a llama-server that shows them.</summary>
    public static bool Manages(BackendState state) => state is { Status: BackendStatus.Ready, Facts: { IsLlamaServer: true, IsRouter: false, CanReadSlots: true, TotalSlots: not null } };

    /// <summary>Called by the monitor after every change.</summary>
    public Task BackendChangedAsync(BackendState state, CancellationToken stopping)
    {
        if (state.Status == BackendStatus.Ready)
            _queue.SetCapacity(state.Facts?.TotalSlots ?? _options.QueueCapacity);
        if (Manages(state))
            _recognising = RecogniseAsync(state, stopping);
        return Task.CompletedTask;
    }

    /// <summary>Completes when the recognition under way, if any, has ended. For a clean stop.</summary>
    public Task WhenDone() => _recognising;

    private async Task RecogniseAsync(BackendState state, CancellationToken stopping)
    {
        await Task.Yield(); // the monitor goes on
        while (_monitor.State.Epoch == state.Epoch && !stopping.IsCancellationRequested)
        {
            try
            {
                if (await TryAsync(state, stopping).ConfigureAwait(false))
                    return;
                await Task.Delay(RetryDelay, _time, stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(e);
                await Task.Delay(RetryDelay, _time, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async Task<bool> TryAsync(BackendState state, CancellationToken stopping)
    {
        var grant = await _queue.AcquireAsync(new(Lane.Interactive, 1), stopping).ConfigureAwait(false);
        if (grant.Lease is not { } lease)
            return false;
        SlotWork? work = null;
        try
        {
            var before = await _look.OnceAsync(state.Epoch, stopping).ConfigureAwait(false);
            if (before is null)
                return false;
            work = _table.TryBegin(new(PromptSource.Cold, null, 0), null);
            if (work is null)
                return false;
            _table.SetClearsIdleSlots(await EmptiesIdleSlotsAsync(before.Value.Rows, stopping).ConfigureAwait(false));
            if (!_options.KvEnabled || !state.Facts!.CanSaveSlots)
                return true;
            var record = await _identifier.IdentifyAsync(state.Facts, stopping).ConfigureAwait(false);
            if (record is null || await _monitor.IsSameProcessAsync(state, stopping).ConfigureAwait(false) == false)
                return false;
            _current = new CurrentModel(state.Epoch, record.Id, _time.GetUtcNow());
            _effects.Begin(record.Id);
            _rates.Begin(record.Id);
            LogRecognised(record.Id, state.Facts.ModelAlias ?? state.Facts.ModelPath ?? "unknown");
            return true;
        }
        finally
        {
            if (work is not null)
                _table.End(work, SlotContent.Nothing, null);
            await _look.CatchUpAsync(state.Epoch, stopping).ConfigureAwait(false);
            lease.Release();
            Recognised?.Invoke();
        }
    }

    /// <summary>
    /// With a unified KV cache (no -np) an idle slot is emptied when another starts. Nothing in the API says so, but two idle
    /// slots that hold something disprove it, and otherwise there is an empty slot to try it with: one token in one slot, one
    /// in another, and a look whether the first is empty again.
    /// </summary>
    private async Task<bool> EmptiesIdleSlotsAsync(IReadOnlyList<SlotRow> rows, CancellationToken stopping)
    {
        if (rows.Count < 2 || rows.Count(r => r is { IsProcessing: false, PromptTokens: > 0 }) > 1)
            return false;
        var empty = rows.Where(r => r is { IsProcessing: false, PromptTokens: null or 0 }).Select(r => (int?)r.Id).ToList();
        var holding = rows.FirstOrDefault(r => r is { IsProcessing: false, PromptTokens: > 0 })?.Id;
        if (holding is null)
        {
            holding = empty.FirstOrDefault();
            if (holding is null)
                return true; // everything is at work: take the careful assumption until the next epoch
            empty.RemoveAt(0);
            await _client.EvaluateAsync([1, 1], holding, static (_, _, _) => { }, stopping).ConfigureAwait(false);
        }

        if (empty.Count == 0)
            return true;
        await _client.EvaluateAsync([1, 1], empty[0], static (_, _, _) => { }, stopping).ConfigureAwait(false);
        var after = await _client.GetSlotsAsync(stopping).ConfigureAwait(false);
        return after.Value?.FirstOrDefault(r => r.Id == holding)?.PromptTokens is null or 0;
    }

    [LoggerMessage(LogLevel.Information, "The model was recognised as identity {Identity} ({Model}).")]
    private partial void LogRecognised(string identity, string model);

    [LoggerMessage(LogLevel.Error, "Recognising the model failed; it is tried again.")]
    private partial void LogFailed(Exception exception);
}
