using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// Saves an empty slot of a running llama-server under the file's name. The slot must exist: the server takes an unknown number modulo
/// its slots (measured on build 11669).
/// </summary>
/// <param name="client">The server.</param>
/// <param name="table">Its slots; null where nobody else uses the server through Bioproxy (the command line).</param>
internal sealed class SlotFileShrinker(ISlotApi client, SlotTable? table) : IFileShrinker
{
    public async Task<bool> TryShrinkAsync(string file, CancellationToken cancellationToken)
    {
        if (table is null)
        {
            return await FindEmptySlotAsync(cancellationToken).ConfigureAwait(false) is { } empty
                && await SaveEmptyAsync(empty, file, cancellationToken).ConfigureAwait(false);
        }

        if (table.TryBorrowSpare() is not { Slot: { } slot } work)
            return false;
        try
        {
            await client.EraseAsync(slot, cancellationToken).ConfigureAwait(false);
            return await SaveEmptyAsync(slot, file, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            table.EndSave(work, null, isContradicted: false);
        }
    }

    private async Task<int?> FindEmptySlotAsync(CancellationToken cancellationToken)
    {
        var slots = await client.GetSlotsAsync(cancellationToken).ConfigureAwait(false);
        return slots.Value?.FirstOrDefault(slot => slot is { IsProcessing: false, PromptTokens: null or 0 })?.Id;
    }

    private async Task<bool> SaveEmptyAsync(int slot, string file, CancellationToken cancellationToken)
    {
        var answer = await client.SaveAsync(slot, file, cancellationToken).ConfigureAwait(false);
        return answer.Value is { Tokens: 0 };
    }
}
