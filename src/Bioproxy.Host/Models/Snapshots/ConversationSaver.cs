using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Recognition;
using Bioproxy.Host.Models.Slots;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// Saves what slots hold when that is worth more than it costs: when a conversation has been idle, before another takes its slot, before a
/// stop and before adapters change. No answer waits for it, and no save begins while a user waits in the queue; only a prompt that takes a
/// slot waits for the saving of what it displaces.
/// </summary>
internal sealed partial class ConversationSaver(
    ModelContext context, InstanceBackend backend, SlotTable table, SlotWatcher watcher, SlotQueue queue, ModelRecognition recognition,
    SnapshotWriter writer)
{
    private readonly SemaphoreSlim _saving = new(1, 1);
    private readonly ILogger<ConversationSaver> _logger = context.Loggers.CreateLogger<ConversationSaver>();
    private readonly ProxyOptions _options = context.Options;
    private long? _reported;

    /// <summary>A slot does not keep its content for long: the server empties idle ones, or there is only one.</summary>
    public bool SavesAtOnce => (table.ClearsIdleSlots || table.Count == 1) && IsOn;

    /// <summary>Tokens of the shortest conversation that is saved; 0 when none is.</summary>
    public int LeastTokens => IsOn ? _options.KvMinTokens : 0;

    /// <summary>Whether some slot holds what is worth saving and is not saved, or is being saved.</summary>
    public bool HasDue => IsOn && (_saving.CurrentCount == 0 || table.Unsaved().Any(one => IsWorthSaving(one.Content)));

    private bool IsOn =>
        _options is { KvEnabled: true, KvSave: not SaveMode.Never }
        && backend is { IsCurrent: true, State.HasSlots: true }
        && backend.Facts.CanSaveSlots
        && context.Effectiveness.Disabled is null
        && recognition.Fingerprint is not null
        && context.Snapshots.MaySave;

    /// <summary>Saves a slot's content.</summary>
    /// <returns>Whether it is on disk now.</returns>
    public async Task<bool> SaveAsync(int slot, SlotContent content, string occasion, CancellationToken cancellationToken)
    {
        await _saving.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var bytes = (long)(EvictionCost.HeldTokens(content, context.Rates.Now) * context.Rates.Now.BytesPerToken);
            if (!context.Snapshots.WriteBudget.Allows(bytes))
            {
                ReportBudget();
                return false;
            }

            if (table.TryBeginSave(slot, content) is not { } work)
                return false;
            SavedPrefix? saved = null;
            var isContradicted = true;
            try
            {
                context.Snapshots.MakeRoom(bytes); // only now is it known that the save can happen

                // Not cancelled once begun: a save that nobody waits for would end with a file that nothing describes.
                var outcome = await writer.SaveConversationAsync(slot, content, CancellationToken.None).ConfigureAwait(false);
                isContradicted = outcome.IsContradicted;
                if (outcome.Snapshot is { } snapshot)
                {
                    saved = snapshot.SavedPrefix;
                    context.Snapshots.WriteBudget.Wrote(snapshot.Bytes);
                    LogSaved(snapshot.Tokens, snapshot.Bytes / (double)(1 << 20), occasion, slot);
                }
                else
                {
                    LogNotSaved(slot, occasion, outcome.Problem!);
                }

                return outcome.Snapshot is not null;
            }
            finally
            {
                table.EndSave(work, saved, isContradicted);
            }
        }
        finally
        {
            _saving.Release();
        }
    }

    /// <summary>Saves every free slot's content that is worth it.</summary>
    /// <param name="occasion">For the log.</param>
    /// <param name="idle">Only what was not used for this long.</param>
    /// <param name="goesFirst">Whether it is done though users wait.</param>
    /// <param name="cancellationToken">Stops before the next one.</param>
    public async Task SaveAllAsync(string occasion, TimeSpan idle, bool goesFirst, CancellationToken cancellationToken)
    {
        if (!IsOn)
            return;
        foreach (var (slot, content) in table.Unsaved())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!goesFirst && queue.View.UsersWaiting > 0)
                return;
            if (context.Uptime.Seconds - content.UsedAt >= idle.TotalSeconds && IsWorthSaving(content))
                await SaveAsync(slot, content, occasion, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Where a slot does not keep its content: saves what the work left, then gives the lease back, all in the
    /// background.</summary>
    public async Task SaveThenReleaseAsync(Lease lease)
    {
        try
        {
            if (queue.View.UsersWaiting == 0)
            {
                await watcher.CatchUpAsync(CancellationToken.None).ConfigureAwait(false);
                await SaveAllAsync("at once", TimeSpan.Zero, goesFirst: false, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            LogFailed(e); // the fence of a background task
        }
        finally
        {
            lease.Release();
        }
    }

    /// <summary>Once an hour: at its end a short conversation may still fit where a long one does not.</summary>
    private void ReportBudget()
    {
        if (_reported is { } at && context.Time.GetElapsedTime(at) < TimeSpan.FromHours(1))
            return;
        LogBudget(_options.KvMaxWritePerHour >> 20);
        _reported = context.Time.GetTimestamp();
    }

    private bool IsWorthSaving(SlotContent content)
    {
        if (content.Coverage < 1 || content.IsSide || content.IsUnexplained || content.Turns == 0 || content.Tokens < _options.KvMinTokens)
            return false;
        var rates = context.Rates.Now;
        return _options.KvSave == SaveMode.Always
            || EvictionCost.Of(content, rates, context.Uptime.Seconds) > EvictionCost.OfSaving(content, rates);
    }

    [LoggerMessage(LogLevel.Information, "Saved a conversation {Occasion}: {Tokens} tokens, {Megabytes:0.0} MiB, from slot {Slot}.")]
    private partial void LogSaved(int tokens, double megabytes, string occasion, int slot);

    [LoggerMessage(LogLevel.Warning, "The conversation in slot {Slot} was not saved {Occasion}: {Problem}")]
    private partial void LogNotSaved(int slot, string occasion, string problem);

    [LoggerMessage(
        LogLevel.Warning,
        "No more conversations are saved for now: {Megabytes} MiB were written within the hour (kv.max_write_per_hour).")]
    private partial void LogBudget(long megabytes);

    [LoggerMessage(LogLevel.Error, "Saving conversations failed.")]
    private partial void LogFailed(Exception exception);
}
