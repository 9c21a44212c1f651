using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Models.Slots;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// Save and restore around a lease: decides where a prompt goes, saves what it displaces, restores its snapshot, and learns from the answer.
/// Placements that need the backend are made one at a time, so that what one decides is true until it has begun; the others in one step.
/// </summary>
internal sealed partial class Placer(
    BackendMonitor monitor, SlotTable table, SlotLook look, SnapshotCatalogue catalogue, SnapshotFiles files, ModelRecognition recognition, EffectLedger effects, Restorer restorer, ConversationKeeper keeper, LearnedRates rates, ProxyOptions options, TimeProvider time, ILogger<Placer> logger)
{
    /// <summary>How long to wait between looks at the slot list while work under way has not shown its slot yet. When it is used
    /// up the request goes on without a pin: llama-server keeps it waiting itself if it must.</summary>
    private static readonly int[] LookDelays = [0, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

    /// <summary>A waiting request looks for its client only after a second without any task's result, and our looks are tasks.</summary>
    private static readonly TimeSpan QuietPause = TimeSpan.FromMilliseconds(1100);

    /// <summary>So long after a request was given up it may still begin on the backend (seen: a tenth of a second, on a busy machine).</summary>
    private static readonly TimeSpan LateBegin = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _placing = new(1, 1);
    private readonly ILogger<Placer> _logger = logger;
    private int _isCatchingUp;
    private long _givenUp = long.MinValue;

    /// <summary>Where every start empties the idle slots, one that nobody knew of may have emptied a slot between its restore and its request: then
    /// nothing that was reused says nothing of the file.</summary>
    private bool MayHaveBeenEmptied => table.ClearsIdleSlots && Volatile.Read(ref _givenUp) is var at && at != long.MinValue && time.GetElapsedTime(at) < LateBegin;

    /// <summary>Whether a slot holds a beginning of this prompt now. Quick: the queue asks under its lock.</summary>
    public bool IsHot(CanonicalPrompt prompt) => table.Plan(prompt, default(PlanContext) with { Rates = rates.Now, Now = keeper.Now }) is { Source: PromptSource.Hot, IsPartial: false };

    /// <summary>Decides and prepares where a leased prompt goes.</summary>
    /// <param name="prompt">The prompt; null when nothing may be reused (several generations, or the client forbade it).</param>
    /// <param name="weight">How many slots the work occupies.</param>
    /// <param name="lane">Whose work it is.</param>
    /// <param name="cancellationToken">The client left; nothing is then left behind.</param>
    public async ValueTask<Placement> PlaceAsync(CanonicalPrompt? prompt, int weight, Lane lane, CancellationToken cancellationToken)
    {
        await monitor.NoticeSleepAsync(cancellationToken).ConfigureAwait(false);
        var state = monitor.State;
        if (!ModelRecognition.Manages(state))
            return Placement.Unmanaged;

        // A warm-up of this very template was asked to stop when this request came: within a batch it leaves its part to go on from.
        if (prompt is not null && lane != Lane.WarmUp && table.OwnWorkOn(prompt) is { } own)
            await own.WhenEnded.WaitAsync(cancellationToken).ConfigureAwait(false);
        return TryPlace(state, prompt, weight, lane) ?? await PlaceInTurnAsync(state, prompt, weight, lane, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Most requests need neither a look nor a restore: they are decided at once, and wait for nobody who does.</summary>
    private Placement? TryPlace(BackendState state, CanonicalPrompt? prompt, int weight, Lane lane)
    {
        if (prompt is not null && table.NeedsPollFor(prompt))
            return null;
        var (context, whole, _) = ContextOf(prompt, state, lane, mayRestore: true, maySave: true);
        return table.TryPlanAndBegin(prompt, context, weight, lane == Lane.WarmUp, look.IsOld) is var (plan, work)
            ? Placed(plan, work, prompt, whole, null, context)
            : null;
    }

    private async ValueTask<Placement> PlaceInTurnAsync(BackendState state, CanonicalPrompt? prompt, int weight, Lane lane, CancellationToken cancellationToken)
    {
        await _placing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Once a second at most: who talks to the server past us takes slots without asking, and a pinned request would wait for him.
            if (look.IsOld || (prompt is not null && table.NeedsPollFor(prompt)))
                await look.OnceAsync(state.Epoch, cancellationToken).ConfigureAwait(false);
            var mayRestore = true;
            var mayStash = true;
            var maySave = true;
            for (var attempt = 0; attempt < LookDelays.Length; attempt++)
            {
                if (table.IsRetired)
                    return Placement.Unmanaged; // the backend changed under us: this one goes without knowledge
                var (context, whole, partial) = ContextOf(prompt, state, lane, mayRestore, maySave);
                var plan = table.Plan(prompt, context);
                if (plan is { SaveFirst: true, Slot: { } displaced } && table.ContentOf(displaced) is { } content)
                {
                    maySave = await keeper.SaveAsync(state, displaced, content, "before another takes its slot", cancellationToken).ConfigureAwait(false);
                    continue; // with what is true now
                }

                var snapshot = plan.Source != PromptSource.Restored ? null : plan.IsPartial ? partial : whole;
                if (snapshot is not null && mayStash && table.HoldsUnsaved(plan.Slot!.Value))
                {
                    mayStash = false;
                    if (!await restorer.IsSameProcessAsync(state, cancellationToken).ConfigureAwait(false))
                        return Placement.Unmanaged; // before the stash, which would hide the traces of another process
                    await restorer.StashAsync(plan.Slot.Value, cancellationToken).ConfigureAwait(false);
                }

                if (snapshot is not null && !catalogue.TryHold(snapshot))
                    continue; // removed just now
                try
                {
                    if (table.TryBegin(plan, prompt?.Chain, weight, lane == Lane.WarmUp) is { } work)
                    {
                        if (snapshot is null || await RestoreAsync(state, work, snapshot, cancellationToken).ConfigureAwait(false))
                            return Placed(plan, work, prompt, whole, snapshot, context);
                        mayRestore = false;
                        continue;
                    }
                }
                finally
                {
                    if (snapshot is not null)
                        catalogue.LetGo(snapshot);
                }

                if (LookDelays[attempt] > 0)
                    await Task.Delay(TimeSpan.FromMilliseconds(LookDelays[attempt]), time, cancellationToken).ConfigureAwait(false);
                await look.OnceAsync(state.Epoch, cancellationToken).ConfigureAwait(false);
            }

            LogUnclear();
            return Placement.Unmanaged;
        }
        finally
        {
            _placing.Release();
        }
    }

    /// <summary>Whatever happens, the work ends with the restore when it did not succeed.</summary>
    private async Task<bool> RestoreAsync(BackendState state, SlotWork work, Snapshot snapshot, CancellationToken cancellationToken)
    {
        var isRestored = false;
        try
        {
            return isRestored = await restorer.RestoreAsync(state, work, snapshot, keeper.Now, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!isRestored)
                table.End(work, null, null);
        }
    }

    private (PlanContext Context, Snapshot? Whole, Snapshot? Partial) ContextOf(CanonicalPrompt? prompt, BackendState state, Lane lane, bool mayRestore, bool maySave)
    {
        var now = rates.Now;
        if (prompt is null)
            return (new PlanContext { Rates = now, Now = keeper.Now }, null, null);
        var identity = mayRestore && options.KvEnabled && effects.Disabled is null ? recognition.Identity(state.Epoch) : null;
        var whole = identity is null ? null : Usable(catalogue.Best(prompt, identity));
        var through = identity is not null && lane != Lane.WarmUp && catalogue.Through(prompt, identity) is { } longer && longer.Shared > (whole?.Chain.Length ?? 0) && Usable(longer.Snapshot) is not null
            ? longer
            : default((Snapshot Snapshot, int Shared)?);
        var least = keeper.LeastTokens(state);
        var context = new PlanContext
        {
            Whole = whole is null ? default : new(whole.Chain.Length, whole.Chain.Length * now.TokensPerByte, whole.Bytes, IsWhole: true),
            WholeChain = whole?.Chain,
            Partial = through is { } found ? new(found.Shared, found.Shared * now.TokensPerByte, found.Snapshot.Bytes, IsWhole: false) : default,
            Rates = now,
            Now = keeper.Now,
            LeastSaved = maySave && !IsSide(prompt, (int)(prompt.Chain.Length * now.TokensPerByte)) ? least : 0,
            SavesAll = options.KvSave == SaveMode.Always,
        };
        return (context, whole, through?.Snapshot);
    }

    private Placement Placed(in SlotPlan plan, SlotWork work, CanonicalPrompt? prompt, Snapshot? whole, Snapshot? restored, in PlanContext context) => new()
    {
        Plan = plan,
        Work = work,
        Snapshot = restored,
        ExpectedTokens = plan.IsPartial ? plan.Chosen.Tokens : plan.Shared * context.Rates.TokensPerByte,
        Content = prompt is null ? null : new SlotContent(prompt.Chain, 1, IsSaved: false)
        {
            Domain = prompt.Domain,
            Session = prompt.Session,
            Turns = work.IsOwn ? 0 : prompt.Turns,
            Saved = whole?.SavedPrefix,
            IsSide = IsSide(prompt, int.MaxValue),
        },
    };

    /// <summary>Titles, tags, summaries: too short to be kept, or beside the conversation that the client says they belong to.</summary>
    private bool IsSide(CanonicalPrompt prompt, int tokens) => tokens < options.KvMinTokens || table.IsBesideItsConversation(prompt);

    private Snapshot? Usable(Snapshot? snapshot)
    {
        if (snapshot is null || files.IsThere(snapshot))
            return snapshot;
        catalogue.Quarantine(snapshot, "its file is gone, or has another size");
        return null;
    }

    /// <summary>The backend's first byte came: the work has begun.</summary>
    public void Started(Placement placement)
    {
        if (placement.Work is { } work)
            table.Started(work);
    }

    /// <summary>
    /// Learns from how the work ended. Returns when its slot is idle: at once for a complete answer, otherwise when the slot list
    /// says so. Then the lease may be released.
    /// </summary>
    public async Task SettleAsync(Placement placement, WorkOutcome outcome, CancellationToken stopping)
    {
        // A request that was given up before the backend had begun it may come there after all, behind our back.
        if (placement.Work is not null && outcome is { IsComplete: false, Coverage: 0 })
            Volatile.Write(ref _givenUp, time.GetTimestamp());

        // Without any effect the file may be another one's by now: it is made again. Twice, and it is the model.
        if (placement is { Snapshot: { } snapshot, Plan.IsPartial: false } && outcome.IsComplete && !MayHaveBeenEmptied && effects.Judge(snapshot, outcome.Timings?.CachedTokens) == "none")
            catalogue.Quarantine(snapshot, $"after restoring it the backend reused {outcome.Timings!.CachedTokens} of its {snapshot.Tokens} tokens");

        monitor.Touch();
        if (placement.Work is not { } work)
            return;
        if (outcome is { IsComplete: true, Timings: { } timings })
            Learn(placement, work, timings);
        var result = placement.Content is { } content && outcome.Coverage > 0
            ? content with
            {
                Coverage = outcome.Coverage,
                Tokens = outcome.IsComplete ? outcome.Timings?.HeldTokens ?? 0 : 0,
                PromptTokens = outcome.Timings?.PromptTokens ?? 0,
                IsSide = content.IsSide || outcome.Timings?.PromptTokens < options.KvMinTokens,
                UsedAt = keeper.Now,
            }
            : null;
        if (!outcome.IsComplete)
            await WaitUntilIdleAsync(work, outcome.IsStreaming, stopping).ConfigureAwait(false);
        table.End(work, result, outcome.Timings?.HeldTokens, outcome.Slot);

        // An answer that contradicts what was believed: the process may be another one.
        if (placement.Plan.Source == PromptSource.Hot && outcome is { IsComplete: true, Timings.CachedTokens: 0 } && monitor.State is var state && !table.IsRetired)
            await restorer.IsSameProcessAsync(state, CancellationToken.None).ConfigureAwait(false);
    }

    private void Learn(Placement placement, SlotWork work, PromptTimings timings)
    {
        rates.Prefilled(timings.ComputedTokens, timings.PrefillSeconds);
        if (placement.Content is not { } content)
            return;
        if (!work.IsOwn) // a warm-up's step is a part of its text
            rates.Tokenised(timings.PromptTokens, content.Chain.Length);
        if (placement.Plan is { IsPartial: true, Source: not PromptSource.Cold } plan)
            rates.RolledBack((int)(plan.Shared * rates.Now.TokensPerByte), timings.CachedTokens);
        if (work.ExpectedFromRam > 0)
            table.RamCacheAnswered(timings.CachedTokens * 2 >= timings.PromptTokens * work.ExpectedFromRam);
    }

    /// <summary>Learns in the background where unpinned work had gone. Many calls at once are one look.</summary>
    public void CatchUpSoon()
    {
        if (table.HasUnseenResults && Interlocked.Exchange(ref _isCatchingUp, 1) == 0)
            _ = CatchUpInBackgroundAsync();
    }

    private async Task CatchUpInBackgroundAsync()
    {
        try
        {
            await look.CatchUpAsync(monitor.State.Epoch, CancellationToken.None).ConfigureAwait(false);
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

    /// <summary>A cancelled request goes on for a while; its slot is free when the slot list says so.</summary>
    private async Task WaitUntilIdleAsync(SlotWork work, bool isStreaming, CancellationToken stopping)
    {
        // Mostly the slot is idle at the first look: the work had ended, or never begun, and others wait for it. What streams notices
        // at its next write that nobody reads, and looks do not hide that; what does not stream is left in quiet.
        var pause = TimeSpan.FromMilliseconds(isStreaming ? 20 : 50);
        while (!table.IsRetired && !stopping.IsCancellationRequested)
        {
            await Task.Delay(pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = isStreaming && pause * 2 < QuietPause ? pause * 2 : QuietPause;
            if (await look.OnceAsync(monitor.State.Epoch, CancellationToken.None).ConfigureAwait(false) is not { } list)
                return; // no slot list: the backend is gone, and the epoch with it
            if (work.Slot is { } slot ? !list.Rows.Any(r => r.Id == slot && r.IsProcessing) : table.IsUnpinnedIdle(list.Rows.Where(r => r.IsProcessing).Select(r => r.Id)))
                return;
        }
    }

    [LoggerMessage(LogLevel.Error, "Looking at the slot list failed.")]
    private partial void LogCatchUpFailed(Exception exception);

    [LoggerMessage(LogLevel.Warning, "The slot list did not show in time which slots are in use; a request goes on without a pin.")]
    private partial void LogUnclear();
}
