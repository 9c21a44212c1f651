using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary>What a slot holds, as the status page shows it.</summary>
/// <param name="Kind">In one word.</param>
/// <param name="Trigger">The template it holds all or a part of; null when it is not a template that is known here.</param>
/// <param name="TextBytes">Bytes of prompt text that the content stands for.</param>
internal sealed record SlotHolding(SlotKind Kind, string? Trigger, int TextBytes)
{
    public static SlotHolding Of(SlotView slot, IReadOnlyList<Snapshot> snapshots, IReadOnlyList<WarmUpStatus> warmUps)
    {
        if (slot.Content is not { } content)
            return new(IsEmpty(slot) ? SlotKind.Empty : SlotKind.Unknown, null, 0);
        if (content.Chain.Length == 0)
            return new(SlotKind.Empty, null, 0); // a question of the proxy's own
        var trigger = snapshots.FirstOrDefault(s => !s.IsConversation && s.Chain.End == content.Chain.End)?.Trigger;
        if (content.Coverage < 1)
            return new(SlotKind.Partial, trigger, content.Length);
        trigger ??= Computed(slot, warmUps);
        return new(trigger is not null || content.Turns == 0 ? SlotKind.Template : SlotKind.Conversation, trigger, content.Length);
    }

    private static bool IsEmpty(SlotView slot) => slot.PromptTokens is 0 || (slot.PromptTokens is null && slot.TaskId is null);

    // A template that cannot be saved has no snapshot to compare with; its exact number of tokens is good enough for a label.
    private static string? Computed(SlotView slot, IReadOnlyList<WarmUpStatus> warmUps) =>
        warmUps.FirstOrDefault(w => w.State == WarmUpState.Computed && w.CacheableTokens == slot.PromptTokens)?.Trigger;
}
