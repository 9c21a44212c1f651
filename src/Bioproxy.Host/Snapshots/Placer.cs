using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Slots;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Snapshots;

/// <summary>
/// Save and restore around a lease: decides where a prompt goes, restores its snapshot, and learns from the answer. Placements that
/// need the backend are made one at a time, so that what one decides is true until it has begun; the others in one step.
/// </summary>
internal sealed partial class Placer
{
    /// <summary>How long to wait between looks at the slot list while work under way has not shown its slot yet. When it is used
    /// up the request goes on without a pin: llama-server keeps it waiting itself if it must.</summary>
    private static readonly int[] LookDelays = [0, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

    /// <summary>A waiting request looks for its client only after a second without any task's result, and our looks are tasks.</summary>
    private static readonly TimeSpan QuietPause = TimeSpan.FromMilliseconds(1100);

    private readonly LlamaClient _client;
    private readonly BackendMonitor _monitor;
    private readonly SlotTable _table;
    private readonly SlotLook _look;
    private readonly SnapshotCatalogue _catalogue;
    private readonly ModelRecognition _recognition;
    private readonly EffectLedger _effects;
    private readonly ProxyOptions _options;
    private readonly ProxyMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<Placer> _logger;
    private readonly SemaphoreSlim _placing = new(1, 1);
    private int _isCatchingUp;

    public Placer(
        LlamaClient client, BackendMonitor monitor, SlotTable table, SlotLook look, SnapshotCatalogue catalogue, ModelRecognition recognition, EffectLedger effects, ProxyOptions options, ProxyMetrics metrics, TimeProvider time, ILogger<Placer> logger)
    {
        _client = client;
        _monitor = monitor;
        _table = table;
        _look = look;
        _catalogue = catalogue;
        _recognition = recognition;
        _effects = effects;
        _options = options;
        _metrics = metrics;
        _time = time;
        _logger = logger;
    }

    /// <summary>Decides and prepares where a leased prompt goes.</summary>
    /// <param name="prompt">The prompt; null when nothing may be reused (several generations, or the client forbade it).</param>
    /// <param name="weight">How many slots the work occupies.</param>
    /// <param name="lane">Whose work it is.</param>
    /// <param name="cancellationToken">The client left; nothing is then left behind.</param>
    public async ValueTask<Placement> PlaceAsync(CanonicalPrompt? prompt, int weight, Lane lane, CancellationToken cancellationToken)
    {
        await _monitor.NoticeSleepAsync(cancellationToken).ConfigureAwait(false);
        var state = _monitor.State;
        if (!ModelRecognition.Manages(state))
            return Placement.Unmanaged;

        // A warm-up of this very template was asked to stop when this request came: within a batch it leaves its part to go on from.
        if (prompt is not null && lane == Lane.Interactive && _table.WarmUpOf(prompt) is { } warmUp)
            await warmUp.WhenEnded.WaitAsync(cancellationToken).ConfigureAwait(false);
        return TryPlace(state, prompt, weight, lane) ?? await PlaceInTurnAsync(state, prompt, weight, lane, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Most requests need neither a look nor a restore: they are decided at once, and wait for nobody who does.</summary>
    private Placement? TryPlace(BackendState state, CanonicalPrompt? prompt, int weight, Lane lane)
    {
        if (prompt is not null && _table.NeedsLookFor(prompt))
            return null;
        var snapshot = prompt is null ? null : Usable(prompt, state.Epoch);
        return _table.TryPlanAndBegin(state.Epoch, prompt, snapshot?.Chain.Length ?? 0, weight, lane == Lane.WarmUp, _look.IsOld) is var (plan, work)
            ? new Placement(plan.Source, work, prompt?.Chain, null, Shared(plan, prompt))
            : null;
    }

    private async ValueTask<Placement> PlaceInTurnAsync(BackendState state, CanonicalPrompt? prompt, int weight, Lane lane, CancellationToken cancellationToken)
    {
        await _placing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Once a second at most: who talks to the server past us takes slots without asking, and a pinned request would wait for him.
            if (_look.IsOld || (prompt is not null && _table.NeedsLookFor(prompt)))
                await _look.OnceAsync(state.Epoch, cancellationToken).ConfigureAwait(false);
            var mayRestore = true;
            var mayStash = true;
            for (var attempt = 0; attempt < LookDelays.Length; attempt++)
            {
                if (_table.Epoch != state.Epoch)
                    return Placement.Unmanaged; // the backend changed under us: this one goes without knowledge
                var snapshot = mayRestore && prompt is not null ? Usable(prompt, state.Epoch) : null;
                var plan = _table.Plan(prompt, snapshot?.Chain.Length ?? 0);
                if (plan.Source == PromptSource.Restored && mayStash && _table.HoldsUnsaved(plan.Slot!.Value))
                {
                    mayStash = false;
                    if (!await IsSameProcessAsync(state, cancellationToken).ConfigureAwait(false))
                        return Placement.Unmanaged; // before the stash, which would hide the traces of another process
                    if (await StashAsync(state.Epoch, cancellationToken).ConfigureAwait(false) is { } freed)
                        plan = plan with { Slot = freed };
                }

                if (_table.TryBegin(state.Epoch, plan, prompt?.Chain, weight, lane == Lane.WarmUp) is { } work)
                {
                    var shared = Shared(plan, prompt);
                    if (plan.Source != PromptSource.Restored)
                        return new Placement(plan.Source, work, prompt?.Chain, null, shared);
                    if (await RestoreAsync(state, work, snapshot!, cancellationToken).ConfigureAwait(false))
                        return new Placement(plan.Source, work, prompt!.Chain, snapshot, shared);
                    _table.End(work, null, null);
                    mayRestore = false;
                    continue;
                }

                if (LookDelays[attempt] > 0)
                    await Task.Delay(TimeSpan.FromMilliseconds(LookDelays[attempt]), _time, cancellationToken).ConfigureAwait(false);
                await _look.OnceAsync(state.Epoch, cancellationToken).ConfigureAwait(false);
            }

            LogUnclear();
            return Placement.Unmanaged;
        }
        finally
        {
            _placing.Release();
        }
    }

    private static double Shared(SlotPlan plan, CanonicalPrompt? prompt) => plan.Source == PromptSource.Cold || prompt is null ? 0 : plan.Shared / (double)prompt.Chain.Length;

    /// <summary>The backend's first byte came: the work has begun.</summary>
    public void Started(Placement placement)
    {
        if (placement.Work is { } work)
            _table.Started(work);
    }

    /// <summary>
    /// Learns from how the work ended. Returns when its slot is idle: at once for a complete answer, otherwise when the slot list
    /// says so. Then the lease may be released.
    /// </summary>
    public async Task SettleAsync(Placement placement, WorkOutcome outcome, CancellationToken stopping)
    {
        // Without any effect the file may be another one's by now: the template is warmed again. Twice, and it is the model.
        if (placement.Snapshot is { } snapshot && outcome.IsComplete && _effects.Judge(snapshot, outcome.Timings?.CachedTokens) == "none")
            _catalogue.Quarantine(snapshot, $"after restoring it the backend reused {outcome.Timings!.CachedTokens} of its {snapshot.Tokens} tokens");
        _monitor.Touch();
        if (placement.Work is not { } work)
            return;
        if (work.ExpectedFromRam > 0 && outcome is { IsComplete: true, Timings: { } timings })
            _table.RamCacheAnswered(work.Epoch, timings.CachedTokens * 2 >= timings.PromptTokens * work.ExpectedFromRam);
        var isKnown = placement.Chain is not null && outcome.Coverage > 0;
        var result = isKnown ? new SlotContent(placement.Chain!, outcome.Coverage, IsSaved: false) : null;
        if (!outcome.IsComplete)
            await WaitUntilIdleAsync(work, outcome.IsStreaming, stopping).ConfigureAwait(false);
        _table.End(work, result, outcome.Timings?.HeldTokens, outcome.Slot);

        // An answer that contradicts what was believed: the process may be another one.
        if (placement.Source == PromptSource.Hot && outcome is { IsComplete: true, Timings.CachedTokens: 0 } && _monitor.State is var state && state.Epoch == work.Epoch)
            await IsSameProcessAsync(state, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Learns in the background where unpinned work had gone. Many calls at once are one look.</summary>
    public void CatchUpSoon()
    {
        if (_table.HasUnseenResults && Interlocked.Exchange(ref _isCatchingUp, 1) == 0)
            _ = CatchUpInBackgroundAsync();
    }

    private async Task CatchUpInBackgroundAsync()
    {
        try
        {
            await _look.CatchUpAsync(_monitor.State.Epoch, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogCatchUpFailed(e); // the fence of a background task; the next placement looks again
        }
        finally
        {
            Volatile.Write(ref _isCatchingUp, 0);
        }
    }

    /// <summary>
    /// A restore throws away what its slot held; only a request that displaces it makes the server keep it in its RAM cache. So
    /// one token is evaluated first, in a slot of the server's choice: the least recently used one.
    /// </summary>
    /// <returns>The slot that holds only that token now; null when there is none, and the restore goes where it was planned.</returns>
    private async Task<int?> StashAsync(int epoch, CancellationToken cancellationToken)
    {
        if (_table.TryBegin(epoch, new SlotPlan(PromptSource.Cold, null, 0), null) is not { } work)
            return null;
        EvaluationResult? result = null;
        try
        {
            result = (await _client.EvaluateAsync([1], null, static (_, _, _) => { }, cancellationToken).ConfigureAwait(false)).Value;
            return result?.Slot;
        }
        finally
        {
            _table.End(work, SlotContent.Nothing, 1, result?.Slot);
        }
    }

    private Snapshot? Usable(CanonicalPrompt prompt, int epoch)
    {
        if (!_options.KvEnabled || _effects.Disabled is not null || _recognition.Identity(epoch) is not { } identity || _catalogue.Best(prompt, identity) is not { } snapshot)
            return null;
        if (_options.KvDirectory is { } directory)
        {
            var file = new FileInfo(Path.Combine(directory, snapshot.File));
            if (!file.Exists || file.Length != snapshot.Bytes)
            {
                _catalogue.Quarantine(snapshot, file.Exists ? $"its file has {file.Length} bytes instead of {snapshot.Bytes}" : "its file is gone");
                return null;
            }
        }

        return snapshot;
    }

    /// <summary>
    /// Restores into the work's slot. Before and after, the process must be the one that was recognised: a snapshot read by a
    /// server with other weights restores without complaint and answers wrongly.
    /// </summary>
    private async Task<bool> RestoreAsync(BackendState state, SlotWork work, Snapshot snapshot, CancellationToken cancellationToken)
    {
        if (!await IsSameProcessAsync(state, cancellationToken).ConfigureAwait(false))
            return false;
        var slot = work.Slot!.Value;
        var started = _time.GetTimestamp();

        // Not cancelled with the client: an answer that nobody waited for would leave the slot's content unknown.
        var answer = await _client.RestoreAsync(slot, snapshot.File, CancellationToken.None).ConfigureAwait(false);
        _metrics.RestoreDone(_time.GetElapsedTime(started));
        if (answer.Value is { } restored && restored.Tokens == snapshot.Tokens && (restored.Bytes == snapshot.Bytes || restored.Bytes == 0))
        {
            if (await IsSameProcessAsync(state, CancellationToken.None).ConfigureAwait(false))
            {
                _table.SetContent(work, new SlotContent(snapshot.Chain, 1, IsSaved: true));
                LogRestored(snapshot.Prefix, snapshot.Tokens, slot, _time.GetElapsedTime(started).TotalMilliseconds);
                return true;
            }
        }
        else if (answer.IsUnreachable)
        {
            _monitor.Suspect(state.Epoch, $"a restore got no answer: {answer.Problem}");
        }
        else
        {
            _catalogue.Quarantine(snapshot, answer.Value is { } other
                ? $"restoring gave {other.Tokens} tokens and {other.Bytes} bytes instead of {snapshot.Tokens} and {snapshot.Bytes}"
                : $"the backend could not restore it (status {answer.Status}: {answer.Problem})");
        }

        _effects.Failed(snapshot);
        await _client.EraseAsync(slot, CancellationToken.None).ConfigureAwait(false);
        _table.SetContent(work, null);
        return false;
    }

    private async Task<bool> IsSameProcessAsync(BackendState state, CancellationToken cancellationToken)
    {
        if (_monitor.State.Epoch != state.Epoch)
            return false;
        // The marker shows a restart but not a sleep, in which the same process loads its weights anew; task numbers show both.
        var marker = await _monitor.IsSameProcessAsync(state, cancellationToken).ConfigureAwait(false);
        var verdict = marker == false ? SlotVerdict.Restarted : (await _look.OnceAsync(state.Epoch, cancellationToken).ConfigureAwait(false))?.Verdict ?? SlotVerdict.Restarted;
        var isSame = verdict == SlotVerdict.Same || (verdict == SlotVerdict.Doubt && marker == true);
        if (!isSame)
            _monitor.Suspect(state.Epoch, "it could not be shown that the server is still the same process");
        return isSame;
    }

    /// <summary>A cancelled request goes on for a while; its slot is free when the slot list says so.</summary>
    private async Task WaitUntilIdleAsync(SlotWork work, bool isStreaming, CancellationToken stopping)
    {
        // Mostly the slot is idle at the first look: the work had ended, or never begun, and others wait for it. What streams notices
        // at its next write that nobody reads, and looks do not hide that; what does not stream is left in quiet.
        var pause = TimeSpan.FromMilliseconds(isStreaming ? 20 : 50);
        while (_table.Epoch == work.Epoch && !stopping.IsCancellationRequested)
        {
            await Task.Delay(pause, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = isStreaming && pause * 2 < QuietPause ? pause * 2 : QuietPause;
            if (await _look.OnceAsync(work.Epoch, CancellationToken.None).ConfigureAwait(false) is not { } look)
                return; // no slot list: the backend is gone, and the epoch with it
            if (work.Slot is { } slot ? !look.Rows.Any(r => r.Id == slot && r.IsProcessing) : _table.IsUnpinnedIdle(look.Rows.Where(r => r.IsProcessing).Select(r => r.Id)))
                return;
        }
    }

    [LoggerMessage(LogLevel.Information, "Restored {Prefix}: {Tokens} tokens into slot {Slot} in {Milliseconds:0} ms.")]
    private partial void LogRestored(string prefix, int tokens, int slot, double milliseconds);

    [LoggerMessage(LogLevel.Error, "Looking at the slot list failed.")]
    private partial void LogCatchUpFailed(Exception exception);

    [LoggerMessage(LogLevel.Warning, "The slot list did not show in time which slots are in use; a request goes on without a pin.")]
    private partial void LogUnclear();
}
