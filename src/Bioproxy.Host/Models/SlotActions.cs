using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.Host.Models;

/// <summary>Prepares the slot of a decided placement.</summary>
internal sealed class SlotActions(ModelContext context, SlotTable table, Restorer restorer, ConversationSaver saver)
{
    /// <summary>Saves what a slot holds before another prompt takes it.</summary>
    /// <returns>Whether saving makes sense at the next turn, too.</returns>
    public Task<bool> SaveAsync(int slot, CancellationToken cancellationToken) =>
        table.ContentOf(slot) is { } content ? saver.SaveAsync(slot, content, "before another takes its slot", cancellationToken) : Task.FromResult(true);

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
            result = await restorer.RestoreAsync(work, snapshot, decision.StashFirst, cancellationToken).ConfigureAwait(false);
            return result == RestoreResult.Restored;
        }
        finally
        {
            context.Snapshots.LetGo(snapshot);
            if (result == RestoreResult.NotTouched)
                table.End(work, decision.HeldBefore, decision.HeldBefore is { Tokens: > 0 } held ? held.Tokens : null);
            else if (result != RestoreResult.Restored)
                table.End(work, null, null);
        }
    }
}
