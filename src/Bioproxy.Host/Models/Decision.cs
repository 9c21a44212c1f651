using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models;

/// <summary>Where a prompt goes, decided and begun in the table, before its slot is prepared.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Work">The work that owns the slot; null when the slot's content has to be saved first.</param>
/// <param name="Prompt">The prompt; null when nothing of it may be reused.</param>
/// <param name="Whole">The snapshot that covers most of the prompt as a whole.</param>
/// <param name="Snapshot">What has to be restored, and is held; null for nothing.</param>
internal sealed record Decision(SlotPlan Plan, SlotWork? Work, CanonicalPrompt? Prompt, Snapshot? Whole, Snapshot? Snapshot)
{
    /// <summary>What the slot held, for the case that it is not touched after all.</summary>
    public SlotContent? HeldBefore { get; init; }

    /// <summary>That is nowhere else: the server is made to keep it in its RAM cache.</summary>
    public bool StashFirst { get; init; }
}
