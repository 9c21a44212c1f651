using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models;

/// <summary>Where a prompt goes, decided and begun in the table, before its slot is prepared.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Step">What comes next.</param>
/// <param name="Work">The work that owns the slot; null when its content has to be saved first, or is being saved.</param>
/// <param name="Prompt">The prompt; null when nothing of it may be reused.</param>
/// <param name="Whole">The snapshot that covers most of the prompt as a whole.</param>
/// <param name="Snapshot">What has to be restored, and is held; null for nothing.</param>
internal sealed record Decision(
    SlotPlan Plan, DecidedStep Step, SlotWork? Work, CanonicalPrompt? Prompt, Snapshot? Whole, Snapshot? Snapshot);
