using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Slots;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models;

/// <summary>What is learned when an answer has ended, and when its slot is free again.</summary>
internal sealed partial class Settlement(
    ModelContext context, InstanceBackend backend, SlotTable table, SlotWatcher watcher, ProcessProof proof, CancellationToken retired)
{
    /// <summary>This long after a request was given up it may still begin on the backend (seen: a tenth of a second, on a busy
    /// machine).</summary>
    private static readonly TimeSpan LateBegin = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly ILogger<Settlement> _logger = context.Loggers.CreateLogger<Settlement>();
    private int _isCatchingUp;
    private long _givenUp = long.MinValue;

    /// <summary>Where every start empties the idle slots, an unseen one may have emptied a slot between its restore and its request: then
    /// a reuse of nothing says nothing of the file.</summary>
    private bool MayHaveBeenEmptied =>
        table.ClearsIdleSlots && Volatile.Read(ref _givenUp) is var at && at != long.MinValue
            && context.Time.GetElapsedTime(at) < LateBegin;

    public async Task SettleAsync(Placement placement, WorkOutcome outcome)
    {
        backend.Touch();
        if (placement.Work is not { } work)
            return;
        var result = default(SlotContent);
        try
        {
            // A request that was given up before the backend had begun it may come there after all, behind our back.
            if (outcome is { IsComplete: false, Coverage: 0 })
                Volatile.Write(ref _givenUp, context.Time.GetTimestamp());
            Judge(placement, work, outcome);
            result = ResultOf(placement, outcome);
            if (!outcome.IsComplete)
                await WaitUntilIdleAsync(work, outcome.IsStreaming).ConfigureAwait(false);
        }
        finally
        {
            table.End(work, result, outcome.Timings?.HeldTokens, outcome.Slot); // the slot is given back whatever judging did
        }

        // An answer that contradicts what was believed: the process may be another one.
        if (placement.Plan.Source == PromptSource.Hot
            && outcome is { IsComplete: true, HasOtherExplanation: false, Timings.CachedTokens: 0 } && backend.IsCurrent)
            await CheckProcessAsync().ConfigureAwait(false);
    }

    private async Task CheckProcessAsync()
    {
        try
        {
            await proof.CheckAsync(retired).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (retired.IsCancellationRequested)
        {
            // known by now
        }
    }

    /// <summary>Learns in the background where unpinned work had gone. Many calls at once are one poll.</summary>
    public void CatchUpSoon()
    {
        if (table.HasUnseenResults && Interlocked.Exchange(ref _isCatchingUp, 1) == 0)
            _ = CatchUpInBackgroundAsync();
    }

    private void Judge(Placement placement, SlotWork work, WorkOutcome outcome)
    {
        // Without any effect the file may be another one's by now: it is made again. Twice, and it is the model. What the process answers
        // that took the place of the one it was restored into says nothing of the file.
        if (backend.IsCurrent && placement is { Snapshot: { } snapshot, Plan.IsPartial: false }
            && outcome is { IsComplete: true, HasOtherExplanation: false } && !MayHaveBeenEmptied
            && context.Effectiveness.Judge(snapshot, outcome.Timings?.CachedTokens) == "none")
            context.Snapshots.Quarantine(
                snapshot, $"after restoring it the backend reused {outcome.Timings!.CachedTokens} of its {snapshot.Tokens} tokens");
        if (outcome is { IsComplete: true, Timings: { } timings })
            Learn(placement, work, timings, outcome.HasOtherExplanation);
    }

    private SlotContent? ResultOf(Placement placement, WorkOutcome outcome) => placement.Content is { } content && outcome.Coverage > 0
        ? content with
        {
            Coverage = outcome.Coverage,
            Tokens = outcome.IsComplete ? outcome.Timings?.HeldTokens ?? 0 : 0,
            PromptTokens = outcome.Timings?.PromptTokens ?? 0,
            IsSide = content.IsSide || outcome.Timings?.PromptTokens < context.Options.KvMinTokens,
            IsUnexplained = placement.IsUnexplained(outcome.Timings?.CachedTokens ?? 0, outcome.Timings?.PromptTokens ?? 0),
            UsedAt = context.Uptime.Seconds,
        }
        : null;

    private void Learn(Placement placement, SlotWork work, PromptTimings timings, bool hasOtherExplanation)
    {
        context.Rates.Prefilled(timings.ComputedTokens, timings.PrefillSeconds);
        if (placement.Content is not { } content)
            return;
        if (!work.IsOwn) // a warm-up's step is a part of its text
            context.Rates.Tokenised(timings.PromptTokens, content.Chain.Length);
        if (hasOtherExplanation)
            return;
        if (placement.Plan is { IsPartial: true, Source: not PromptSource.Cold } plan)
            context.Rates.RolledBack((int)(plan.Shared * context.Rates.Now.TokensPerByte), timings.CachedTokens);
        if (work.ExpectedFromRam > 0)
            table.RamCacheAnswered(timings.CachedTokens * 2 >= timings.PromptTokens * work.ExpectedFromRam);
    }

    /// <summary>A cancelled request is computed for a while; its slot is free when the slot list says so.</summary>
    private async Task WaitUntilIdleAsync(SlotWork work, bool isStreaming)
    {
        // Mostly the slot is idle at the first poll: the work had ended, or never begun, and others wait for it. What streams notices
        // at its next write that nobody reads, and polls do not hide that; what does not stream needs quiet.
        using var quiet = isStreaming ? null : watcher.KeepQuiet();
        var pause = TimeSpan.FromMilliseconds(isStreaming ? 20 : 50);
        while (!retired.IsCancellationRequested)
        {
            await Task.Delay(pause, context.Time, retired).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            PolledSlots? poll;
            try
            {
                poll = await watcher.PollAsync(retired).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (retired.IsCancellationRequested)
            {
                return;
            }

            if (poll is null)
                continue; // no list came: silence frees no slot, and a backend that is gone ends the instance
            if (work.Slot is { } slot
                ? !poll.Rows.Any(r => r.Id == slot && r.IsProcessing)
                : table.IsUnpinnedIdle(poll.Rows.Where(r => r.IsProcessing).Select(r => r.Id)))
                return;
        }
    }

    private async Task CatchUpInBackgroundAsync()
    {
        try
        {
            await watcher.CatchUpAsync(retired).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (retired.IsCancellationRequested)
        {
            // nothing to learn any more
        }
        catch (Exception e)
        {
            LogCatchUpFailed(e); // the fence of a background task; the next placement polls again
        }
        finally
        {
            Volatile.Write(ref _isCatchingUp, 0);
        }
    }

    [LoggerMessage(LogLevel.Error, "Polling the slot list failed.")]
    private partial void LogCatchUpFailed(Exception exception);
}
