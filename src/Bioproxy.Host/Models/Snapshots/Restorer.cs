using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Restores snapshots, and only into the process that was recognised.</summary>
internal sealed partial class Restorer(ModelContext context, InstanceBackend backend, SlotTable table, ProcessProof proof)
{
    /// <summary>One token takes milliseconds; longer means that the slot is held by a client that bypasses the proxy.</summary>
    private static readonly TimeSpan StashLimit = TimeSpan.FromSeconds(3);

    private readonly ILogger<Restorer> _logger = context.Loggers.CreateLogger<Restorer>();

    /// <summary>
    /// Restores into the work's slot. Before and after, the process must be the one that was recognised: a snapshot read by a
    /// server with other weights restores without complaint and answers wrongly.
    /// </summary>
    /// <param name="work">The work that owns the slot.</param>
    /// <param name="snapshot">What to restore; held by the caller.</param>
    /// <param name="cancellationToken">The client left before the restore began.</param>
    public async Task<RestoreResult> RestoreAsync(SlotWork work, Snapshot snapshot, CancellationToken cancellationToken)
    {
        if (await proof.CheckAsync(cancellationToken).ConfigureAwait(false) != ProcessCheck.Same)
            return RestoreResult.NotTouched;
        var slot = work.Slot!.Value;
        var started = context.Time.GetTimestamp();
        using var span = RequestTracing.StartWithin("restore");
        span?.SetTag("bioproxy.slot", slot).SetTag("bioproxy.snapshot.tokens", snapshot.Tokens);

        // Not cancelled with the client: an answer that nobody waited for would leave the slot's content unknown.
        var answer = await backend.Api.RestoreAsync(slot, snapshot.File, CancellationToken.None).ConfigureAwait(false);
        var elapsed = context.Time.GetElapsedTime(started);
        context.Metrics.RestoreDone(elapsed);
        if (answer.Value is { } restored && restored.Tokens == snapshot.Tokens && (restored.Bytes == snapshot.Bytes || restored.Bytes == 0))
        {
            context.Rates.Restored(snapshot.Bytes, (restored.Duration > TimeSpan.Zero ? restored.Duration : elapsed).TotalSeconds);
            if (await proof.CheckAsync(CancellationToken.None).ConfigureAwait(false) == ProcessCheck.Same)
            {
                table.SetContent(work, ContentOf(snapshot));
                context.Snapshots.MarkUsed(snapshot);
                LogRestored(snapshot.Label, snapshot.Tokens, slot, context.Time.GetElapsedTime(started).TotalMilliseconds);
                return RestoreResult.Restored;
            }
        }
        else if (answer.IsUnreachable)
        {
            backend.Suspect($"a restore lost its connection: {answer.Problem}");
        }
        else if (!answer.IsSilent)
        {
            context.Snapshots.Quarantine(snapshot, answer.Value is { } other
                ? $"restoring gave {other.Tokens} tokens and {other.Bytes} bytes instead of {snapshot.Tokens} and {snapshot.Bytes}"
                : $"the backend could not restore it (status {answer.Status}: {answer.Problem})");
        }

        context.Effectiveness.Failed(snapshot);
        table.SetContent(work, null);
        await backend.Api.EraseAsync(slot, CancellationToken.None).ConfigureAwait(false);
        return RestoreResult.Failed;
    }

    /// <summary>
    /// A restore throws away what its slot held; only a request that displaces it makes the server keep it in its RAM cache. So
    /// one token is evaluated there first.
    /// </summary>
    /// <param name="slot">The slot; a stash owns it.</param>
    /// <param name="started">Called when the server has begun.</param>
    /// <param name="cancellationToken">The client left.</param>
    /// <returns>False when the server did not do it in time: then somebody else uses the slot.</returns>
    public async Task<bool> StashAsync(int slot, Action started, CancellationToken cancellationToken)
    {
        // First: what another process holds would be hidden by the evaluation.
        if (await proof.CheckAsync(cancellationToken).ConfigureAwait(false) != ProcessCheck.Same)
            return false;

        // Not cancelled with the client: the server would go on for a moment, and meet whoever is placed in the slot next.
        using var limit = new CancellationTokenSource(StashLimit, context.Time);
        try
        {
            var answer = await backend.Api.EvaluateAsync([1], slot, mayReuse: true, (_, _, _) => started(), limit.Token)
                .ConfigureAwait(false);
            return answer.IsSuccess;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            LogNoStash(slot);
            return false;
        }
    }

    private SlotContent ContentOf(Snapshot snapshot) => new(snapshot.Chain, 1, IsSaved: true)
    {
        Domain = snapshot.Domain,
        Tokens = snapshot.Tokens,
        PromptTokens = snapshot.PromptTokens,
        Saved = snapshot.SavedPrefix,
        Turns = snapshot.Turns,
        UsedAt = context.Uptime.Seconds,
    };

    [LoggerMessage(LogLevel.Information, "Restored {Label}: {Tokens} tokens into slot {Slot} in {Milliseconds:0} ms.")]
    private partial void LogRestored(string label, int tokens, int slot, double milliseconds);

    [LoggerMessage(LogLevel.Information, "Slot {Slot} did not evaluate a token in time; nothing is restored into it.")]
    private partial void LogNoStash(int slot);
}
