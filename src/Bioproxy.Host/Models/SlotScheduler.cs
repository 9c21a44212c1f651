using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models;

/// <summary>
/// Placement and settlement on one instance: decides where a prompt goes, saves what it displaces, restores its snapshot, and learns from
/// the answer. Most prompts are placed in one step under the table's lock. Those that need a poll first are decided one at a time, so that
/// what one decides is true until it has begun; saving and restoring happen outside that turn, in a slot that belongs to the work by then.
/// </summary>
internal sealed partial class SlotScheduler(
    ModelContext context,
    InstanceBackend backend,
    SlotTable table,
    SlotWatcher watcher,
    PlacementInputs inputs,
    SlotActions actions,
    Settlement settlement) : ISlotScheduler
{
    /// <summary>How long to wait between polls while work under way has not shown its slot yet. When it is used
    /// up the request is forwarded without a pin: llama-server keeps it waiting itself if it must.</summary>
    private static readonly int[] PollDelays = [0, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

    /// <summary>Turns before a request is forwarded without a pin, too. A save, a stash and a failed restore take one each; what
    /// another request changes meanwhile may cost some more.</summary>
    private const int MostTurns = 10;

    /// <summary>Seconds that a prompt waits for a save, whatever it would cost otherwise.</summary>
    private const double LongestWait = 600;

    private readonly SemaphoreSlim _placing = new(1, 1);
    private readonly ILogger<SlotScheduler> _logger = context.Loggers.CreateLogger<SlotScheduler>();

    public bool IsHot(CanonicalPrompt prompt) =>
        table.Estimate(prompt, default(PlanContext) with { Rates = context.Rates.Now, Now = context.Uptime.Seconds })
            is { Source: PromptSource.Hot, IsPartial: false };

    public PlanOption Estimate(CanonicalPrompt? prompt, Lane lane) => prompt is null ? default
        : table.Estimate(prompt, inputs.For(prompt, null, lane, mayRestore: true, maySave: true, isEstimate: true).Context);

    public async ValueTask<Placement> PlaceAsync(
        CanonicalPrompt? prompt, string? domain, int weight, Lane lane, CancellationToken cancellationToken)
    {
        await backend.NoticeSleepAsync(cancellationToken).ConfigureAwait(false);

        // A warm-up of this very template was asked to stop when this request came: within a batch it leaves its part to continue from.
        if (prompt is not null && lane != Lane.WarmUp && table.OwnWorkOn(prompt) is { } own)
            await own.WhenEnded.WaitAsync(cancellationToken).ConfigureAwait(false);
        return TryPlace(prompt, domain, weight, lane)
            ?? await PlaceStepwiseAsync(prompt, domain, weight, lane, cancellationToken).ConfigureAwait(false);
    }

    public void Started(Placement placement)
    {
        if (placement.Work is { } work)
            table.Started(work);
    }

    public Task SettleAsync(Placement placement, WorkOutcome outcome) => settlement.SettleAsync(placement, outcome);

    /// <summary>Most requests need neither a poll nor a restore: they are decided at once, and wait for none that does.</summary>
    private Placement? TryPlace(CanonicalPrompt? prompt, string? domain, int weight, Lane lane)
    {
        if (prompt is not null && table.NeedsPollFor(prompt))
            return null;
        var (plan, whole, _) = inputs.For(prompt, domain, lane, mayRestore: true, maySave: true);
        return table.TryPlanAndBegin(prompt, plan, weight, lane == Lane.WarmUp, watcher.IsOld) is var (chosen, work)
            ? Placed(new(chosen, DecidedStep.Begin, work, prompt, whole, null), plan)
            : null;
    }

    /// <summary>Turn by turn until something could begin: a turn may end with a save, a stash or a failed restore, after which the next one
    /// decides anew.</summary>
    private async ValueTask<Placement> PlaceStepwiseAsync(
        CanonicalPrompt? prompt, string? domain, int weight, Lane lane, CancellationToken cancellationToken)
    {
        var may = new PlacementLimits(MayRestore: true, MaySave: true, MayStash: true, MayWait: true);
        Decision? prepared = null; // for work that cannot be pinned, a slot is prepared in one turn and used in the next
        for (var turn = 0; turn < MostTurns && backend.IsCurrent; turn++)
        {
            var (decided, plan) = await DecideAsync(prompt, domain, weight, lane, may, cancellationToken).ConfigureAwait(false);
            if (decided is null)
                break;
            switch (decided.Step)
            {
                case DecidedStep.Save:
                    may = may with { MaySave = await actions.SaveAsync(decided.Plan.Slot!.Value, cancellationToken).ConfigureAwait(false) };
                    break;
                case DecidedStep.Wait:
                    may = may with { MayWait = await WaitAsync(decided, plan, cancellationToken).ConfigureAwait(false) };
                    break;
                case DecidedStep.Stash:
                    var isStashed = await actions.StashAsync(decided.Work!, cancellationToken).ConfigureAwait(false);
                    may = may with { MayStash = false, MayRestore = isStashed };
                    if (!may.MayRestore)
                        await watcher.PollAsync(cancellationToken).ConfigureAwait(false); // the evaluation may be running still
                    break;
                default:
                    may = may with { MayRestore = false };
                    if (!await actions.RestoreAsync(decided, cancellationToken).ConfigureAwait(false))
                        break;
                    if (decided is { Plan.IsUnpinned: false } or { Snapshot: null })
                    {
                        var isPrepared = prepared is not null && prepared.Plan.Slot == decided.Plan.Slot;
                        return Placed(isPrepared ? prepared! with { Work = decided.Work } : decided, plan);
                    }

                    table.Withdraw(decided.Work!, wasSent: false);
                    prepared = decided;
                    break;
            }
        }

        if (backend.IsCurrent)
            LogUnclear();
        return Placement.ByTheServer(context.Domains, domain, hasCache: true);
    }

    /// <summary>One turn: polls as often as it takes to see where work under way went, then plans and begins.</summary>
    /// <returns>Without work: what the planned slot holds has to be saved first. Null when nothing could begin.</returns>
    private async Task<(Decision? Decision, PlanContext Plan)> DecideAsync(
        CanonicalPrompt? prompt, string? domain, int weight, Lane lane, PlacementLimits may, CancellationToken cancellationToken)
    {
        await _placing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Once a second at most: clients that bypass the proxy take slots it cannot schedule, and a pinned request would wait for them.
            if (watcher.IsOld || (prompt is not null && table.NeedsPollFor(prompt)))
                await watcher.PollAsync(cancellationToken).ConfigureAwait(false);
            foreach (var delay in PollDelays)
            {
                if (!backend.IsCurrent)
                    break;
                var (plan, whole, partial) = inputs.For(prompt, domain, lane, may.MayRestore, may.MaySave);
                plan = plan with { WaitsForNoSave = !may.MayWait };
                var chosen = table.Plan(prompt, plan);
                if (chosen.Save is not null)
                    return (new Decision(chosen, DecidedStep.Wait, null, prompt, whole, null), plan);
                if (chosen is { SaveFirst: true, Slot: { } displaced } && table.ContentOf(displaced) is not null)
                    return (new Decision(chosen, DecidedStep.Save, null, prompt, whole, null), plan);
                var snapshot = chosen.Source != PromptSource.Restored ? null : chosen.IsPartial ? partial : whole;
                if (snapshot is not null && may.MayStash && table.HoldsUnsaved(chosen.Slot!.Value)
                    && table.TryBeginStash(chosen.Slot.Value) is { } stash)
                    return (new Decision(chosen, DecidedStep.Stash, stash, prompt, whole, null), plan);
                if (snapshot is not null && !context.Snapshots.TryHold(snapshot))
                    continue; // removed just now
                var begun = snapshot is null ? chosen : chosen with { IsUnpinned = false }; // to be prepared, it is taken
                if (table.TryBegin(begun, prompt?.Chain, weight, lane == Lane.WarmUp) is { } work)
                    return (new Decision(chosen, DecidedStep.Begin, work, prompt, whole, snapshot), plan);
                if (snapshot is not null)
                    context.Snapshots.LetGo(snapshot);
                if (delay > 0)
                    await Task.Delay(TimeSpan.FromMilliseconds(delay), context.Time, cancellationToken).ConfigureAwait(false);
                await watcher.PollAsync(cancellationToken).ConfigureAwait(false);
            }

            return (null, default);
        }
        finally
        {
            _placing.Release();
        }
    }

    /// <summary>Waits for the save of the planned slot, at most as long as another way would take.</summary>
    /// <returns>Whether waiting makes sense at the next turn, too.</returns>
    private async Task<bool> WaitAsync(Decision decided, PlanContext plan, CancellationToken cancellationToken)
    {
        var another = table.Estimate(decided.Prompt!, plan with { WaitsForNoSave = true });
        var limit = TimeSpan.FromSeconds(Math.Clamp(another.Cost - decided.Plan.Chosen.Cost, 0, LongestWait));
        try
        {
            await decided.Plan.Save!.WhenEnded.WaitAsync(limit, context.Time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private Placement Placed(Decision decision, in PlanContext plan) => new()
    {
        Plan = decision.Plan,
        Work = decision.Work,
        ForbidsReuse = decision.Plan.MayMeetForeignDomain,
        Snapshot = decision.Snapshot,
        ExpectedTokens = decision.Plan.IsPartial ? decision.Plan.Chosen.Tokens : decision.Plan.Shared * plan.Rates.TokensPerByte,
        Content = decision.Prompt is { } prompt ? inputs.ContentOf(prompt, decision.Work!, decision.Whole) : null,
    };

    [LoggerMessage(LogLevel.Warning, "The slot list did not show in time which slots are in use; a request is forwarded without a pin.")]
    private partial void LogUnclear();

    private readonly record struct PlacementLimits(bool MayRestore, bool MaySave, bool MayStash, bool MayWait);
}
