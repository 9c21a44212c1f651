using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Slots;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Recognition;

/// <summary>
/// Finds out once for an instance which model it is and whether the server empties idle slots, with short probes in a slot of their own
/// turn. Until that is done there is no fingerprint, and without one no snapshot is restored or saved.
/// </summary>
internal sealed partial class ModelRecognition(
    ModelContext context, InstanceBackend backend, SlotTable table, SlotWatcher watcher, SlotQueue queue) : IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    /// <summary>A few tokens take milliseconds; longer means that a client that bypasses the proxy holds the slots.</summary>
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(30);

    private readonly ILogger<ModelRecognition> _logger = context.Loggers.CreateLogger<ModelRecognition>();
    private readonly TaskCompletionSource _firstAttempt = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _recognised = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _fingerprint;
    private IDisposable? _loaded;

    /// <summary>What a snapshot must have been saved under to be restored here; null while the model is not recognised.</summary>
    public string? Fingerprint => _fingerprint;

    /// <summary>When it was recognised.</summary>
    public DateTimeOffset? Since { get; private set; }

    /// <summary>Completes when the first attempt has ended, with or without success: until then it is worth waiting for.</summary>
    public Task FirstAttempt => _firstAttempt.Task;

    /// <summary>Completes when the model is recognised; never, when it is not.</summary>
    public Task Recognised => _recognised.Task;

    /// <summary>Tries until the model is recognised or the instance is retired.</summary>
    public async Task RunAsync(CancellationToken retired)
    {
        try
        {
            while (!retired.IsCancellationRequested && !await TryFencedAsync(retired).ConfigureAwait(false))
            {
                _firstAttempt.TrySetResult();
                await Task.Delay(RetryDelay, context.Time, retired).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            _firstAttempt.TrySetResult();
        }
    }

    /// <summary>The model is not loaded any more, as far as this instance is concerned.</summary>
    public void Dispose() => _loaded?.Dispose();

    private async Task<bool> TryFencedAsync(CancellationToken retired)
    {
        try
        {
            return await TryAsync(retired).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (retired.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e)
        {
            LogFailed(e);
            return false;
        }
    }

    private async Task<bool> TryAsync(CancellationToken retired)
    {
        var grant = await queue.AcquireAsync(new(Lane.Interactive, 1), retired).ConfigureAwait(false);
        if (grant.Lease is not { } lease)
            return false;
        SlotWork? work = null;
        try
        {
            if (await watcher.PollAsync(retired).ConfigureAwait(false) is not { } before)
                return false;
            work = table.TryBegin(new(PromptSource.Cold, null, 0), null);
            if (work is null)
                return false;
            using var late = new CancellationTokenSource(ProbeLimit, context.Time);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(retired, late.Token);
            table.SetClearsIdleSlots(await EmptiesIdleSlotsAsync(before.Rows, limit.Token).ConfigureAwait(false));
            if (!context.Options.KvEnabled || !backend.Facts.CanSaveSlots)
                return true;
            var record = await context.Fingerprints.ProbeAsync(backend.Api, backend.Facts, retired).ConfigureAwait(false);
            if (record is null
                || await backend.CheckProcessAsync(retired).ConfigureAwait(false) is not (ProcessCheck.Same or ProcessCheck.Unknown))
                return false;
            context.Effectiveness.Begin(record.Id);
            context.Rates.Begin(record.Id);
            Since = context.Time.GetUtcNow();
            _loaded ??= context.Snapshots.MarkLoaded(record.Id);
            _fingerprint = record.Id;
            _recognised.TrySetResult();
            LogRecognised(record.Id, backend.Facts.ModelAlias ?? backend.Facts.ModelPath ?? "unknown");
            return true;
        }
        catch (OperationCanceledException) when (!retired.IsCancellationRequested)
        {
            LogLate(ProbeLimit.TotalSeconds);
            return false;
        }
        finally
        {
            if (work is not null)
                table.End(work, SlotContent.Nothing, null);
            lease.Release();
            await watcher.CatchUpAsync(retired).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// With a unified KV cache (no -np) an idle slot is emptied when another starts. Nothing in the API says so, but two idle
    /// slots that hold something disprove it, and otherwise there is an empty slot to try it with: one token in one slot, one
    /// in another, and a poll that shows whether the first is empty again.
    /// </summary>
    private async Task<bool> EmptiesIdleSlotsAsync(IReadOnlyList<SlotRow> rows, CancellationToken cancellationToken)
    {
        if (rows.Count < 2 || rows.Count(r => r is { IsProcessing: false, PromptTokens: > 0 }) > 1)
            return false;
        var empty = rows.Where(r => r is { IsProcessing: false, PromptTokens: null or 0 }).Select(r => (int?)r.Id).ToList();
        var holding = rows.FirstOrDefault(r => r is { IsProcessing: false, PromptTokens: > 0 })?.Id;
        if (holding is null)
        {
            holding = empty.FirstOrDefault();
            if (holding is null)
                return true; // everything is at work: the careful assumption
            empty.RemoveAt(0);
            await backend.Api.EvaluateAsync([1, 1], holding, mayReuse: true, static (_, _, _) => { }, cancellationToken)
                .ConfigureAwait(false);
        }

        if (empty.Count == 0)
            return true;
        await backend.Api.EvaluateAsync([1, 1], empty[0], mayReuse: true, static (_, _, _) => { }, cancellationToken).ConfigureAwait(false);
        var after = await watcher.PollAsync(cancellationToken).ConfigureAwait(false);
        return after?.Rows.FirstOrDefault(r => r.Id == holding)?.PromptTokens is null or 0;
    }

    [LoggerMessage(LogLevel.Information, "The model was recognised as fingerprint {Fingerprint} ({Model}).")]
    private partial void LogRecognised(string fingerprint, string model);

    [LoggerMessage(LogLevel.Warning, "The model could not be recognised within {Seconds} s; the next attempt follows.")]
    private partial void LogLate(double seconds);

    [LoggerMessage(LogLevel.Error, "Recognising the model failed; the next attempt follows.")]
    private partial void LogFailed(Exception exception);
}
