using System.Collections.Concurrent;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.WarmUp;

/// <summary>
/// Keeps the snapshot of every template fresh: looks at start, by interval, when a file changed and when a model was recognised;
/// computes what is missing in the warm-up lane, steps aside for users within a batch, goes on where it stopped, and saves each
/// version once. A look that finds nothing changed asks the backend nothing, so a server that wants to sleep may.
/// </summary>
internal sealed partial class WarmUpLoop
{
    /// <summary>Below this a prefill costs less than a restore.</summary>
    private const int LeastTokens = 32;

    /// <summary>The server's default micro-batch: smaller would slow a GPU down, larger would keep users waiting.</summary>
    private const int StepTokens = 512;

    private readonly StaticPrefixFinder _finder;
    private readonly TemplateLibrary _templates;
    private readonly LlamaClient _client;
    private readonly BackendMonitor _monitor;
    private readonly ModelRecognition _recognition;
    private readonly SlotQueue _queue;
    private readonly SlotTable _table;
    private readonly Placer _placer;
    private readonly SnapshotWriter _writer;
    private readonly SnapshotCatalogue _catalogue;
    private readonly EffectLedger _effects;
    private readonly ProxyOptions _options;
    private readonly ProxyMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<WarmUpLoop> _logger;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly ConcurrentDictionary<string, WarmUpStatus> _statuses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Part> _parts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Verified> _verified = new(StringComparer.Ordinal);

    public WarmUpLoop(
        StaticPrefixFinder finder, TemplateLibrary templates, LlamaClient client, BackendMonitor monitor, ModelRecognition recognition, SlotQueue queue, SlotTable table, Placer placer, SnapshotWriter writer, SnapshotCatalogue catalogue, EffectLedger effects, ProxyOptions options, ProxyMetrics metrics, TimeProvider time, ILogger<WarmUpLoop> logger)
    {
        _finder = finder;
        _templates = templates;
        _client = client;
        _monitor = monitor;
        _recognition = recognition;
        _queue = queue;
        _table = table;
        _placer = placer;
        _writer = writer;
        _catalogue = catalogue;
        _effects = effects;
        _options = options;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        foreach (var prefix in templates.Prefixes)
            _statuses[prefix] = WarmUpStatus.Initial(prefix);
    }

    /// <summary>Every template's state, in the configuration's order.</summary>
    public IReadOnlyList<WarmUpStatus> Statuses => [.. _options.Prefixes.Select(p => _statuses[p.Key])];

    /// <summary>Look now: something changed.</summary>
    public void Poke()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // a look is due already
        }
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var isAllDone = await CheckAsync(stopping).ConfigureAwait(false);
                using var due = _time.CreateTimer(static state => ((WarmUpLoop)state!).Poke(), this, isAllDone ? _options.WarmUpCheckInterval : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
                await _wake.WaitAsync(stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogLoopFailed(e);
                await Task.Delay(_options.WarmUpCheckInterval, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>One round over all templates.</summary>
    /// <returns>False when a warm-up stepped aside and wants its next turn soon.</returns>
    public async Task<bool> CheckAsync(CancellationToken stopping)
    {
        _metrics.WarmUpChecked();
        _templates.RefreshAll();
        var isAllDone = true;
        foreach (var (prefix, _) in _options.Prefixes)
        {
            try
            {
                isAllDone &= await CheckAsync(prefix, stopping).ConfigureAwait(false);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                Fail(prefix, "internal", $"{e.GetType().Name}: {e.Message}");
                LogTemplateFailed(prefix, e);
            }
        }

        return isAllDone;
    }

    private async Task<bool> CheckAsync(string prefix, CancellationToken stopping)
    {
        var (rehearsal, refused) = await _finder.RehearseAsync(prefix, stopping).ConfigureAwait(false);
        if (rehearsal is null)
        {
            Fail(prefix, "transform", refused!);
            return true;
        }

        var state = _monitor.State;
        if (!ModelRecognition.Manages(state))
        {
            Wait(prefix, state.Facts?.Missing ?? state.Problem ?? "the backend is not ready");
            return true;
        }

        var identity = _recognition.Identity(state.Epoch);
        var canSave = _options.KvEnabled && state.Facts!.CanSaveSlots && _effects.Disabled is null;
        if (canSave && identity is null)
        {
            Wait(prefix, "the model is being recognised");
            return true;
        }

        // Nothing changed since the backend was last asked: the same text, epoch and no restore that fell short since.
        if (_verified.TryGetValue(prefix, out var verified) && verified.Epoch == state.Epoch && verified.Text == rehearsal.Hash && !FellShort(prefix, verified.At)
            && (!canSave || verified.TokensHash is null || HasSnapshot(identity!, prefix, verified.TokensHash, rehearsal)))
            return true;

        var (found, problem) = await _finder.TokenizeAsync(rehearsal, stopping).ConfigureAwait(false);
        if (found is null)
        {
            Fail(prefix, "render", problem!);
            return true;
        }

        Update(prefix, s => s with { Tokens = found.TotalTokens, CacheableTokens = found.Tokens.Length, TokensHash = found.Hash, Problem = null });
        if (found.Tokens.Length < LeastTokens)
        {
            Update(prefix, s => s with { State = WarmUpState.NotCacheable, Problem = $"only {found.Tokens.Length} tokens come before the user's message; put <<message>> behind the instructions" });
            _verified[prefix] = new(state.Epoch, rehearsal.Hash, null, _time.GetUtcNow());
            return true;
        }

        if (canSave && HasSnapshot(identity!, prefix, found.Hash, rehearsal))
        {
            Update(prefix, s => s with { State = WarmUpState.Warm });
            _verified[prefix] = new(state.Epoch, rehearsal.Hash, found.Hash, _time.GetUtcNow());
            return true;
        }

        return await WarmAsync(prefix, state, rehearsal, found, canSave, stopping).ConfigureAwait(false);
    }

    /// <summary>Takes a turn in the low lane and computes step by step what is missing.</summary>
    /// <returns>False when it stepped aside.</returns>
    private async Task<bool> WarmAsync(string prefix, BackendState state, Rehearsal rehearsal, StaticPrefix found, bool canSave, CancellationToken stopping)
    {
        Update(prefix, s => s with { State = WarmUpState.Waiting, Problem = null });
        if ((await _queue.AcquireAsync(new(Lane.WarmUp, 1), stopping).ConfigureAwait(false)).Lease is not { } lease)
            return true;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(lease.Preempted, stopping);
        using var prompt = CanonicalPrompt.Copy(rehearsal.Text);
        var started = _time.GetTimestamp();
        var part = _parts.GetValueOrDefault(prefix) is { } left && left.Epoch == state.Epoch && left.TokensHash == found.Hash ? left : new Part(state.Epoch, found.Hash, 0);
        try
        {
            Update(prefix, s => s with { State = WarmUpState.Running, Progress = part.Tokens / (double)found.Tokens.Length });
            LogStarted(prefix, found.Tokens.Length, part.Tokens);
            var computed = 0;
            EvaluationResult? evaluated;
            do
            {
                stop.Token.ThrowIfCancellationRequested();
                (evaluated, part) = await StepAsync(prefix, prompt, found, part, stop.Token, stopping).ConfigureAwait(false);
                computed += evaluated?.ComputedTokens ?? 0;
            }
            while (evaluated is not null && part.Tokens < found.Tokens.Length);
            if (evaluated is null || (canSave && !await SaveAsync(prefix, state, rehearsal, found, evaluated, stop.Token).ConfigureAwait(false)))
                return true;
            Done(prefix, state, rehearsal, found, computed, canSave, _time.GetElapsedTime(started));
            return true;
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            _metrics.WarmUpCancelled(prefix);
            Update(prefix, s => s with { State = WarmUpState.Waiting });
            LogSteppedAside(prefix, _statuses[prefix].Progress);
            return false;
        }
        finally
        {
            lease.Release();
            _placer.CatchUpSoon();
        }
    }

    /// <summary>
    /// Steps 5, 6 and 8 of a request, for the next few hundred tokens. Small steps bound what a user waits for: a server notices a
    /// cancel only at the end of a batch, and by then has begun the next (measured; 2,048 tokens each by default).
    /// </summary>
    private async Task<(EvaluationResult? Evaluated, Part Part)> StepAsync(string prefix, CanonicalPrompt prompt, StaticPrefix found, Part part, CancellationToken stop, CancellationToken stopping)
    {
        var length = found.Tokens.Length;
        var placement = await _placer.PlaceAsync(prompt, 1, Lane.WarmUp, stop).ConfigureAwait(false);
        var upTo = Math.Min(length, Math.Max(part.Tokens, (int)(placement.Shared * length)) + StepTokens);
        var outcome = new WorkOutcome(IsComplete: false, IsStreaming: true, null, part.Tokens / (double)length);
        try
        {
            var answer = await _client.EvaluateAsync(found.Tokens[..upTo], placement.Slot, (_, processed, _) => Progressed(processed), stop).ConfigureAwait(false);
            if (answer.Value is not { } evaluated)
            {
                Fail(prefix, "evaluate", $"the backend did not compute it: {answer.Problem}");
                return (null, part);
            }

            Progressed(upTo);
            outcome = new WorkOutcome(IsComplete: true, IsStreaming: true, new PromptTimings(evaluated.CachedTokens, evaluated.ComputedTokens, 0), upTo / (double)length, evaluated.Slot);
            return (evaluated, _parts[prefix]);
        }
        finally
        {
            await _placer.SettleAsync(placement, outcome, stopping).ConfigureAwait(false);
        }

        void Progressed(int processed)
        {
            _placer.Started(placement);
            _parts[prefix] = part with { Tokens = Math.Max(processed, part.Tokens) };
            outcome = outcome with { Coverage = Math.Max(outcome.Coverage, processed / (double)length) };
            Update(prefix, s => s with { Progress = outcome.Coverage });
        }
    }

    private async Task<bool> SaveAsync(string prefix, BackendState state, Rehearsal rehearsal, StaticPrefix found, EvaluationResult evaluated, CancellationToken cancellationToken)
    {
        // A user came while the last batch ran: what was computed stays where it is, and saving it waits for the next turn.
        cancellationToken.ThrowIfCancellationRequested();
        if (evaluated.Slot is not { } slot)
        {
            Fail(prefix, "save", "the backend did not tell which slot holds it");
            return false;
        }

        var outcome = await _writer.SaveTemplateAsync(state, slot, prefix, found.Tokens.Length, found.Hash, PromptChain.Of(rehearsal.Text), CancellationToken.None).ConfigureAwait(false);
        if (outcome.Snapshot is { } snapshot)
        {
            _table.MarkSaved(slot, snapshot.SavedPrefix);
            return true;
        }

        Fail(prefix, "save", outcome.Problem!);
        return false;
    }

    private void Done(string prefix, BackendState state, Rehearsal rehearsal, StaticPrefix found, int computed, bool isSaved, TimeSpan duration)
    {
        _metrics.WarmUpExecuted(prefix, duration);
        _parts.Remove(prefix);
        _verified[prefix] = new(state.Epoch, rehearsal.Hash, isSaved ? found.Hash : null, _time.GetUtcNow());
        Update(prefix, s => s with { State = isSaved ? WarmUpState.Warm : WarmUpState.Computed, WarmedAt = _time.GetUtcNow(), Duration = duration, Progress = 1, Problem = null });
        LogDone(prefix, found.Tokens.Length, computed, duration.TotalSeconds, isSaved ? "saved" : "not saved");
    }

    private bool HasSnapshot(string identity, string prefix, string tokensHash, Rehearsal rehearsal) =>
        _catalogue.All.Any(s => s.Identity == identity && s.Prefix == prefix && s.TokensHash == tokensHash && s.Chain.Length == rehearsal.Text.Length);

    private bool FellShort(string prefix, DateTimeOffset since) => _effects.Last.Any(e => e.Prefix == prefix && e.At > since && e.Status is "partial" or "none");

    private void Wait(string prefix, string reason) => Update(prefix, s => s with { State = WarmUpState.Waiting, Problem = reason });

    private void Fail(string prefix, string type, string problem)
    {
        _metrics.WarmUpFailed(prefix, type);
        if (_statuses[prefix].Problem != problem)
            LogFailed(prefix, problem);
        Update(prefix, s => s with { State = WarmUpState.Failed, Problem = problem });
    }

    private void Update(string prefix, Func<WarmUpStatus, WarmUpStatus> change) => _statuses[prefix] = change(_statuses[prefix]);

    [LoggerMessage(LogLevel.Information, "Warming {Prefix}: {Tokens} tokens, {Part} of them done before.")]
    private partial void LogStarted(string prefix, int tokens, int part);

    [LoggerMessage(LogLevel.Information, "{Prefix} is warm: {Tokens} tokens, {Computed} computed, {Seconds:0.0} s, {Saved}.")]
    private partial void LogDone(string prefix, int tokens, int computed, double seconds, string saved);

    [LoggerMessage(LogLevel.Information, "Warming {Prefix} stepped aside for a user at {Part:P0}.")]
    private partial void LogSteppedAside(string prefix, double part);

    [LoggerMessage(LogLevel.Warning, "Warming {Prefix} failed: {Problem}")]
    private partial void LogFailed(string prefix, string problem);

    [LoggerMessage(LogLevel.Error, "Warming {Prefix} failed by a bug in the proxy.")]
    private partial void LogTemplateFailed(string prefix, Exception exception);

    [LoggerMessage(LogLevel.Error, "The warm-up loop failed; it goes on.")]
    private partial void LogLoopFailed(Exception exception);

    /// <summary>How far a version was computed when its warm-up last stopped. Asking for less than that would roll the slot back.</summary>
    private sealed record Part(int Epoch, string TokensHash, int Tokens);

    /// <param name="Epoch">When the backend was asked.</param>
    /// <param name="Text">What it was asked about.</param>
    /// <param name="TokensHash">The tokens it answered; null when there is nothing to save.</param>
    /// <param name="At">The time.</param>
    private sealed record Verified(int Epoch, ChainHash Text, string? TokensHash, DateTimeOffset At);
}
