using Bioproxy.Host.Prompts;
using Bioproxy.Host.Slots;

namespace Bioproxy.Host.Snapshots;

/// <summary>Where a request goes, and what has to be settled afterwards.</summary>
/// <param name="Source">What the client is told.</param>
/// <param name="Work">The work in the slot table; null when the backend's slots are not managed.</param>
/// <param name="Chain">The prompt; null when it cannot be remembered.</param>
/// <param name="Snapshot">What was restored.</param>
/// <param name="Shared">The part of the prompt, from 0 to 1, that its slot should hold already.</param>
internal sealed record Placement(PromptSource Source, SlotWork? Work, PromptChain? Chain, Snapshot? Snapshot, double Shared)
{
    public static Placement Unmanaged { get; } = new(PromptSource.Cold, null, null, null, 0);

    public int? Slot => Work?.Slot;
}
