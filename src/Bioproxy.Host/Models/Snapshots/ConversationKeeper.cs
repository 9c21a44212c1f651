using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Slots;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// Saves what slots hold when that is worth more than it costs: after a rest, before something else takes the slot, before a stop and
/// before adapters change. No answer waits for it, and no save begins while a user waits in the queue; only a prompt that takes a slot
/// waits for the saving of what it displaces.
/// </summary>
internal sealed partial class ConversationKeeper(
    BackendMonitor monitor, ModelRecognition recognition, SlotQueue queue, SlotTable table, SlotLook look, SnapshotWriter writer, SnapshotCleaner cleaner, EffectLedger effects, LearnedRates rates, ProxyOptions options, TimeProvider time, ILogger<ConversationKeeper> logger)
{
    private readonly SemaphoreSlim _saving = new(1, 1);
    private readonly WriteBudget _budget = new(options.KvMaxWritePerHour, time);
    private readonly ILogger<ConversationKeeper> _logger = logger;
    private readonly long _began = time.GetTimestamp();
    private long? _saidBudget;

    /// <summary>Seconds on the proxy's clock, as <see cref="SlotContent.UsedAt"/> counts them.</summary>
    public double Now => time.GetElapsedTime(_began).TotalSeconds;

    /// <summary>A slot does not keep its content for a rest: the server empties idle ones, or there is only one.</summary>
    public bool SavesAtOnce => (table.ClearsIdleSlots || table.Count == 1) && IsOn(monitor.State);

    /// <summary>Tokens of the shortest conversation that is saved; 0 when none is.</summary>
    public int LeastTokens(BackendState state) => IsOn(state) ? options.KvMinTokens : 0;

    /// <summary>Whether some slot holds what is worth saving and is not saved.</summary>
    public bool HasDue => IsOn(monitor.State) && table.Unsaved().Any(one => IsWorth(one.Content));

    private bool IsOn(BackendState state) =>
        options is { KvEnabled: true, KvSave: not SaveMode.Never } && effects.Disabled is null && state.Facts is { CanSaveSlots: true } && recognition.Identity(state.Epoch) is not null;

    /// <summary>Saves a slot's content.</summary>
    /// <returns>Whether it is on disk now.</returns>
    public async Task<bool> SaveAsync(BackendState state, int slot, SlotContent content, string occasion, CancellationToken cancellationToken)
    {
        await _saving.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var bytes = (long)(EvictionCost.HeldTokens(content, rates.Now) * rates.Now.BytesPerToken);
            if (!_budget.Allows(bytes))
            {
                // Once for the hour: at its end a short conversation may still fit where a long one does not.
                if (_saidBudget is not { } said || time.GetElapsedTime(said) >= TimeSpan.FromHours(1))
                {
                    LogBudget(options.KvMaxWritePerHour >> 20);
                    _saidBudget = time.GetTimestamp();
                }

                return false;
            }

            cleaner.Run(room: 1, bytes);
            if (table.TryBeginSave(slot, content) is not { } work)
                return false;
            SavedPrefix? saved = null;
            var isContradicted = true;
            try
            {
                // Not cancelled once begun: a save that nobody waits for would end with a file that nothing describes.
                var outcome = await writer.SaveConversationAsync(state, slot, content, CancellationToken.None).ConfigureAwait(false);
                isContradicted = outcome.IsContradicted;
                if (outcome.Snapshot is { } snapshot)
                {
                    saved = snapshot.SavedPrefix;
                    _budget.Wrote(snapshot.Bytes);
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
    /// <param name="rested">Only what was not used for so long.</param>
    /// <param name="goesFirst">Whether it is done though users wait.</param>
    /// <param name="cancellationToken">Stops before the next one.</param>
    public async Task SaveAllAsync(string occasion, TimeSpan rested, bool goesFirst, CancellationToken cancellationToken)
    {
        var state = monitor.State;
        if (!IsOn(state))
            return;
        foreach (var (slot, content) in table.Unsaved())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!goesFirst && queue.View.UsersWaiting > 0)
                return;
            if (Now - content.UsedAt >= rested.TotalSeconds && IsWorth(content))
                await SaveAsync(state, slot, content, occasion, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        var cleaned = time.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(Math.Clamp(options.KvIdleSave.TotalSeconds / 2, 0.1, 10)), time);
        while (await WaitAsync(timer, stopping).ConfigureAwait(false))
        {
            try
            {
                await SaveAllAsync("at rest", options.KvIdleSave, goesFirst: false, stopping).ConfigureAwait(false);
                if (time.GetElapsedTime(cleaned) < TimeSpan.FromMinutes(10))
                    continue;
                cleaned = time.GetTimestamp();
                cleaner.Run();
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(e); // the fence of the loop
            }
        }
    }

    /// <summary>Where a slot does not keep its content: saves what the work left, then gives the lease back, all in the background.</summary>
    public async Task SaveThenReleaseAsync(Lease lease)
    {
        try
        {
            if (queue.View.UsersWaiting == 0)
            {
                await look.CatchUpAsync(monitor.State.Epoch, CancellationToken.None).ConfigureAwait(false);
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

    private bool IsWorth(SlotContent content)
    {
        if (content.Coverage < 1 || content.IsSide || content.Turns == 0 || content.Tokens < options.KvMinTokens)
            return false;
        var now = rates.Now;
        return options.KvSave == SaveMode.Always || EvictionCost.Of(content, now, Now) > EvictionCost.OfSaving(content, now);
    }

    private static async ValueTask<bool> WaitAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Information, "Saved a conversation {Occasion}: {Tokens} tokens, {Megabytes:0.0} MiB, from slot {Slot}.")]
    private partial void LogSaved(int tokens, double megabytes, string occasion, int slot);

    [LoggerMessage(LogLevel.Warning, "The conversation in slot {Slot} was not saved {Occasion}: {Problem}")]
    private partial void LogNotSaved(int slot, string occasion, string problem);

    [LoggerMessage(LogLevel.Warning, "No more conversations are saved for a while: {Megabytes} MiB were written within the hour (kv.max_write_per_hour).")]
    private partial void LogBudget(long megabytes);

    [LoggerMessage(LogLevel.Error, "Saving conversations failed.")]
    private partial void LogFailed(Exception exception);
}
