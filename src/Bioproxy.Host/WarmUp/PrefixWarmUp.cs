using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.WarmUp;

/// <summary>The warm-up of one prompt prefix on one model instance.</summary>
internal sealed partial class PrefixWarmUp(
    IWarmUpSource source, ServedModel model, ModelInstance instance, WarmUpStatuses statuses, ProxyMetrics metrics)
{
    /// <summary>Below this a prefill costs less than a restore.</summary>
    private const int LeastTokens = 32;

    /// <summary>The server's default micro-batch: smaller would slow a GPU down, larger would keep users waiting.</summary>
    private const int StepTokens = 512;

    private readonly ModelContext _context = model.Context;
    private readonly ILogger<PrefixWarmUp> _logger = model.Context.Loggers.CreateLogger<PrefixWarmUp>();

    /// <summary>How far a version was computed when the warm-up last stopped. Asking for less than that would roll the slot back.</summary>
    private (string TokensHash, int Tokens) _part = ("", 0);

    /// <summary>What a step that was stopped had asked for: the server may have finished it after all, and a recurrent model's state
    /// cannot be rolled back.</summary>
    private int _asked;

    private Verified? _verified;

    /// <summary>Computes and saves what is missing.</summary>
    /// <returns>False when it gave way to a user and wants its next turn soon.</returns>
    public async Task<bool> CheckAsync(CancellationToken stopping)
    {
        var (rehearsal, refused) = await source.RehearseAsync(stopping).ConfigureAwait(false);
        if (rehearsal is null)
        {
            statuses.Fail(source, "transform", refused!);
            return true;
        }

        var state = instance.State;
        if (!state.HasSlots)
        {
            statuses.Wait(source.Name, state.Facts?.Missing ?? state.Problem ?? "the backend is not ready");
            return true;
        }

        var fingerprint = instance.Recognition.Fingerprint;
        var savesSlots = _context.Options.KvEnabled && state.Facts!.CanSaveSlots;
        if (savesSlots && fingerprint is null)
        {
            statuses.Wait(source.Name, "the model is being recognised");
            return true;
        }

        var canSave = savesSlots && _context.Effectiveness.Disabled is null && _context.Snapshots.MaySave;

        // Nothing changed since the backend was last asked: the same text on the same day, and no restore that fell short since.
        if (_verified is { } verified && verified.Text == rehearsal.Hash && verified.CouldSave == canSave && !FellShort(verified.At)
            && !RendersAnotherDate(verified.At)
            && (!canSave || verified.TokensHash is null || HasSnapshot(fingerprint!, verified.TokensHash, rehearsal)))
            return true;

        var (found, problem) = await StaticPrefixFinder.TokenizeAsync(instance.Api, rehearsal, stopping).ConfigureAwait(false);
        if (found is null)
        {
            statuses.Fail(source, "render", problem!);
            return true;
        }

        statuses.Update(
            source.Name,
            s => s with { Tokens = found.TotalTokens, CacheableTokens = found.Tokens.Length, TokensHash = found.Hash, Problem = null });
        if (found.Tokens.Length < LeastTokens)
        {
            var advice = $"only {found.Tokens.Length} tokens come before the user's message; put <<message>> behind the instructions";
            statuses.Update(source.Name, s => s with { State = WarmUpState.NotCacheable, Problem = advice });
            _verified = new(rehearsal.Hash, null, canSave, _context.Time.GetUtcNow());
            return true;
        }

        if (canSave && HasSnapshot(fingerprint!, found.Hash, rehearsal))
        {
            statuses.Update(source.Name, s => s with { State = WarmUpState.Warm });
            _verified = new(rehearsal.Hash, found.Hash, canSave, _context.Time.GetUtcNow());
            return true;
        }

        return await WarmAsync(rehearsal, found, canSave, stopping).ConfigureAwait(false);
    }

    /// <summary>Takes a turn in the low lane and computes step by step what is missing.</summary>
    /// <returns>False when it gave way.</returns>
    private async Task<bool> WarmAsync(Rehearsal rehearsal, StaticPrefix found, bool canSave, CancellationToken stopping)
    {
        statuses.Update(source.Name, s => s with { State = WarmUpState.Waiting, Problem = null });
        if ((await model.Queue.AcquireAsync(new(Lane.WarmUp, 1), stopping).ConfigureAwait(false)).Lease is not { } lease)
            return true;
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(lease.Preempted, stopping, instance.Retired);
            using var prompt = CanonicalPrompt.Copy(rehearsal.Text, source.Domain);
            var started = _context.Time.GetTimestamp();
            if (_part.TokensHash != found.Hash)
                (_part, _asked) = ((found.Hash, 0), 0);
            var done = _part.Tokens / (double)found.Tokens.Length;
            statuses.Update(source.Name, s => s with { State = WarmUpState.Running, Progress = done });
            LogStarted(source.Name, found.Tokens.Length, _part.Tokens);
            var computed = 0;
            EvaluationResult? evaluated;
            do
            {
                stop.Token.ThrowIfCancellationRequested();
                evaluated = await StepAsync(prompt, found, stop.Token).ConfigureAwait(false);
                computed += evaluated?.ComputedTokens ?? 0;
            }
            while (evaluated is not null && _part.Tokens < found.Tokens.Length);
            if (evaluated is null || (canSave && !await SaveAsync(rehearsal, found, evaluated, stop.Token).ConfigureAwait(false)))
                return true;
            Done(rehearsal, found, computed, canSave, _context.Time.GetElapsedTime(started));
            return true;
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            metrics.WarmUpCancelled(source.Label);
            statuses.Update(source.Name, s => s with { State = WarmUpState.Waiting });
            LogGaveWay(source.Name, statuses.Of(source.Name).Progress);
            return false;
        }
        finally
        {
            instance.Return(lease);
        }
    }

    /// <summary>
    /// Steps 6 to 8 of a request, for the next few hundred tokens. Small steps bound what a user waits for: a server notices a
    /// cancel only at the end of a batch, and by then has begun the next (measured; 2,048 tokens each by default).
    /// </summary>
    private async Task<EvaluationResult?> StepAsync(CanonicalPrompt prompt, StaticPrefix found, CancellationToken stop)
    {
        var length = found.Tokens.Length;
        var before = _part.Tokens;
        var placement = await instance.PlaceAsync(prompt, source.Domain, 1, Lane.WarmUp, stop).ConfigureAwait(false);
        var upTo = _asked = Math.Min(length, Math.Max(Math.Max(before, _asked), (int)(placement.Shared * length)) + StepTokens);
        var outcome = new WorkOutcome(IsComplete: false, IsStreaming: true, null, before / (double)length);
        try
        {
            // What no content of ours explains must not become part of a snapshot.
            var mayReuse = !placement.ForbidsReuse
                && (placement.Plan.Source != PromptSource.Cold
                    || (placement.Plan.IsExpectedInRam && !placement.Plan.MayMeetForeignContent));
            var answer = await instance.Api.EvaluateAsync(
                found.Tokens[..upTo], placement.Slot, mayReuse, (_, processed, _) => Progressed(processed), stop)
                .ConfigureAwait(false);
            if (answer.Value is not { } evaluated)
            {
                statuses.Fail(source, "evaluate", $"the backend did not compute it: {answer.Problem}");
                return null;
            }

            Progressed(upTo);
            var timings = new PromptTimings(evaluated.CachedTokens, evaluated.ComputedTokens, 0);
            outcome = new WorkOutcome(IsComplete: true, IsStreaming: true, timings, upTo / (double)length, evaluated.Slot);
            return evaluated;
        }
        finally
        {
            await instance.SettleAsync(placement, outcome).ConfigureAwait(false);
        }

        void Progressed(int processed)
        {
            instance.Started(placement);
            _part = (found.Hash, Math.Max(processed, before));
            outcome = outcome with { Coverage = Math.Max(outcome.Coverage, processed / (double)length) };
            statuses.Update(source.Name, s => s with { Progress = outcome.Coverage });
        }
    }

    private async Task<bool> SaveAsync(
        Rehearsal rehearsal, StaticPrefix found, EvaluationResult evaluated, CancellationToken cancellationToken)
    {
        // A user came while the last batch ran: what was computed stays where it is, and saving it waits for the next turn.
        cancellationToken.ThrowIfCancellationRequested();
        if (evaluated.Slot is not { } slot)
        {
            statuses.Fail(source, "save", "the backend did not report which slot holds it");
            return false;
        }

        var outcome = await source.SaveAsync(instance.Writer, slot, found, PromptChain.Of(rehearsal.Text)).ConfigureAwait(false);
        if (outcome.Snapshot is { } snapshot)
        {
            instance.Table.MarkSaved(slot, snapshot.SavedPrefix);
            return true;
        }

        statuses.Fail(source, "save", outcome.Problem!);
        return false;
    }

    private void Done(Rehearsal rehearsal, StaticPrefix found, int computed, bool isSaved, TimeSpan duration)
    {
        metrics.WarmUpExecuted(source.Label, duration);
        _part = ("", 0);
        _verified = new(rehearsal.Hash, isSaved ? found.Hash : null, isSaved, _context.Time.GetUtcNow());
        statuses.Update(source.Name, s => s with
        {
            State = isSaved ? WarmUpState.Warm : WarmUpState.Computed,
            WarmedAt = _context.Time.GetUtcNow(),
            Duration = duration,
            Progress = 1,
            Problem = null,
        });
        LogDone(source.Name, found.Tokens.Length, computed, duration.TotalSeconds, isSaved ? "saved" : "not saved");
    }

    private bool HasSnapshot(string fingerprint, string tokensHash, Rehearsal rehearsal) => _context.Snapshots.All.Any(
        s => s.Place == _context.Place && _context.Snapshots.AreSame(s.Fingerprint, fingerprint) && source.IsOf(s)
            && s.TokensHash == tokensHash && s.Chain.Length == rehearsal.Text.Length);

    /// <summary>Some chat templates write the date into the system message: after midnight the same text is another prompt.</summary>
    private bool RendersAnotherDate(DateTimeOffset since) =>
        instance.State.Facts?.ChatTemplate?.Contains("strftime_now", StringComparison.Ordinal) == true
        && LocalDate(since) != LocalDate(_context.Time.GetUtcNow());

    private DateTime LocalDate(DateTimeOffset time) => TimeZoneInfo.ConvertTime(time, _context.Time.LocalTimeZone).Date;

    private bool FellShort(DateTimeOffset since) =>
        _context.Effectiveness.Last.Any(e => e.Label == source.Label && e.At > since && e.Status is "partial" or "none");

    [LoggerMessage(LogLevel.Information, "Warming {Trigger}: {Tokens} tokens, {Part} of them done before.")]
    private partial void LogStarted(string trigger, int tokens, int part);

    [LoggerMessage(LogLevel.Information, "{Trigger} is warm: {Tokens} tokens, {Computed} computed, {Seconds:0.0} s, {Saved}.")]
    private partial void LogDone(string trigger, int tokens, int computed, double seconds, string saved);

    [LoggerMessage(LogLevel.Information, "Warming {Trigger} gave way to a user at {Part:P0}.")]
    private partial void LogGaveWay(string trigger, double part);

    /// <param name="Text">What the backend was asked about.</param>
    /// <param name="TokensHash">The tokens it answered; null when there is nothing to save.</param>
    /// <param name="CouldSave">Whether it could have been saved then.</param>
    /// <param name="At">The time.</param>
    private sealed record Verified(ChainHash Text, string? TokensHash, bool CouldSave, DateTimeOffset At);
}
