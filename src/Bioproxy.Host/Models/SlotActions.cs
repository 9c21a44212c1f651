using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.Host.Models;

/// <summary>Prepares the slot of a decided placement.</summary>
internal sealed class SlotActions(ModelContext context, SlotTable table, Restorer restorer, ConversationSaver saver)
{
    /// <summary>Saves what a slot holds before another prompt takes it.</summary>
    /// <returns>Whether saving makes sense at the next turn, too.</returns>
    public Task<bool> SaveAsync(int slot, CancellationToken cancellationToken) =>
        table.ContentOf(slot) is { } content
            ? saver.SaveAsync(slot, content, "before another takes its slot", cancellationToken)
            : Task.FromResult(true);

    /// <summary>Makes the server keep what a slot holds, before a restore throws it away.</summary>
    /// <param name="stash">The work that owns the slot; it is over afterwards.</param>
    /// <param name="cancellationToken">The client left.</param>
    /// <returns>Whether restoring makes sense at the next turn: not into a server that has to be checked first.</returns>
    public async Task<bool> StashAsync(SlotWork stash, CancellationToken cancellationToken)
    {
        var succeeded = false;
        try
        {
            succeeded = await restorer.StashAsync(stash.Slot!.Value, () => table.Started(stash), cancellationToken).ConfigureAwait(false);
            return succeeded;
        }
        finally
        {
            table.EndStash(stash, succeeded);
        }
    }

    /// <summary>Restores the decided snapshot, if there is one. When it cannot, the work is over and its slot is free again.</summary>
    /// <returns>Whether the slot is as it was decided.</returns>
    public async Task<bool> RestoreAsync(Decision decision, CancellationToken cancellationToken)
    {
        if (decision.Snapshot is not { } snapshot)
            return true;
        var work = decision.Work!;
        var result = RestoreResult.Failed;
        try
        {
            result = await restorer.RestoreAsync(work, snapshot, cancellationToken).ConfigureAwait(false);
            return result == RestoreResult.Restored;
        }
        finally
        {
            context.Snapshots.LetGo(snapshot);
            if (result == RestoreResult.NotTouched)
                table.Withdraw(work);
            else if (result != RestoreResult.Restored)
                table.End(work, null, null);
        }
    }
}
