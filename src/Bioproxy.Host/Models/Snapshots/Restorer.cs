using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Restores snapshots, and only into the process that was recognised.</summary>
internal sealed partial class Restorer(
    LlamaClient client, BackendMonitor monitor, SlotTable table, SlotLook look, SnapshotCatalogue catalogue, EffectLedger effects, LearnedRates rates, ProxyMetrics metrics, TimeProvider time, ILogger<Restorer> logger)
{
    private readonly ILogger<Restorer> _logger = logger;

    /// <summary>
    /// Restores into the work's slot. Before and after, the process must be the one that was recognised: a snapshot read by a
    /// server with other weights restores without complaint and answers wrongly.
    /// </summary>
    /// <param name="state">The backend as it was planned for.</param>
    /// <param name="work">The work that owns the slot.</param>
    /// <param name="snapshot">What to restore; held by the caller.</param>
    /// <param name="now">Seconds on the proxy's clock.</param>
    /// <param name="cancellationToken">The client left before the restore began.</param>
    public async Task<bool> RestoreAsync(BackendState state, SlotWork work, Snapshot snapshot, double now, CancellationToken cancellationToken)
    {
        if (!await IsSameProcessAsync(state, cancellationToken).ConfigureAwait(false))
            return false;
        var slot = work.Slot!.Value;
        var started = time.GetTimestamp();

        // Not cancelled with the client: an answer that nobody waited for would leave the slot's content unknown.
        var answer = await client.RestoreAsync(slot, snapshot.File, CancellationToken.None).ConfigureAwait(false);
        var elapsed = time.GetElapsedTime(started);
        metrics.RestoreDone(elapsed);
        if (answer.Value is { } restored && restored.Tokens == snapshot.Tokens && (restored.Bytes == snapshot.Bytes || restored.Bytes == 0))
        {
            rates.Restored(snapshot.Bytes, (restored.Duration > TimeSpan.Zero ? restored.Duration : elapsed).TotalSeconds);
            if (await IsSameProcessAsync(state, CancellationToken.None).ConfigureAwait(false))
            {
                table.SetContent(work, ContentOf(snapshot, now));
                catalogue.Use(snapshot, time.GetUtcNow());
                LogRestored(snapshot.Label, snapshot.Tokens, slot, time.GetElapsedTime(started).TotalMilliseconds);
                return true;
            }
        }
        else if (answer.IsUnreachable)
        {
            monitor.Suspect(state.Epoch, $"a restore got no answer: {answer.Problem}");
        }
        else
        {
            catalogue.Quarantine(snapshot, answer.Value is { } other
                ? $"restoring gave {other.Tokens} tokens and {other.Bytes} bytes instead of {snapshot.Tokens} and {snapshot.Bytes}"
                : $"the backend could not restore it (status {answer.Status}: {answer.Problem})");
        }

        effects.Failed(snapshot);
        await client.EraseAsync(slot, CancellationToken.None).ConfigureAwait(false);
        table.SetContent(work, null);
        return false;
    }

    /// <summary>
    /// A restore throws away what its slot held; only a request that displaces it makes the server keep it in its RAM cache. So
    /// one token is evaluated there first.
    /// </summary>
    public async Task StashAsync(int slot, CancellationToken cancellationToken)
    {
        if (table.TryBeginStash(slot) is not { } work)
            return;
        var succeeded = false;
        try
        {
            succeeded = (await client.EvaluateAsync([1], slot, static (_, _, _) => { }, cancellationToken).ConfigureAwait(false)).Value is not null;
        }
        finally
        {
            table.EndStash(work, succeeded);
        }
    }

    public async Task<bool> IsSameProcessAsync(BackendState state, CancellationToken cancellationToken)
    {
        if (monitor.State.Epoch != state.Epoch)
            return false;
        // The marker shows a restart but not a sleep, in which the same process loads its weights anew; task numbers show both.
        var marker = await monitor.IsSameProcessAsync(state, cancellationToken).ConfigureAwait(false);
        var verdict = marker == false ? SlotVerdict.Restarted : (await look.OnceAsync(state.Epoch, cancellationToken).ConfigureAwait(false))?.Verdict ?? SlotVerdict.Restarted;
        var isSame = verdict == SlotVerdict.Same || (verdict == SlotVerdict.Doubt && marker == true);
        if (!isSame)
            monitor.Suspect(state.Epoch, "it could not be shown that the server is still the same process");
        return isSame;
    }

    private static SlotContent ContentOf(Snapshot snapshot, double now) => new(snapshot.Chain, 1, IsSaved: true)
    {
        Domain = snapshot.Domain,
        Tokens = snapshot.Tokens,
        PromptTokens = snapshot.PromptTokens,
        Saved = snapshot.SavedPrefix,
        Turns = snapshot.Turns,
        UsedAt = now,
    };

    [LoggerMessage(LogLevel.Information, "Restored {Label}: {Tokens} tokens into slot {Slot} in {Milliseconds:0} ms.")]
    private partial void LogRestored(string label, int tokens, int slot, double milliseconds);
}
