using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.Host.Admin;

/// <summary>What a slot holds, as status tells it.</summary>
/// <param name="Kind">In one word.</param>
/// <param name="Prefix">The template it holds, or a part of it; null when it is none that is known here.</param>
/// <param name="TextBytes">Bytes of prompt text it stands for.</param>
internal sealed record SlotHolding(SlotKind Kind, string? Prefix, int TextBytes)
{
    public static SlotHolding Of(SlotView slot, IReadOnlyList<Snapshot> snapshots, IReadOnlyList<WarmUpStatus> templates)
    {
        if (slot.Content is not { } content)
            return new(IsEmpty(slot) ? SlotKind.Empty : SlotKind.Unknown, null, 0);
        var prefix = snapshots.FirstOrDefault(s => !s.IsConversation && s.Chain.End == content.Chain.End)?.Prefix;
        if (content.Coverage < 1)
            return new(SlotKind.Partial, prefix, content.Length);
        prefix ??= Computed(slot, templates);
        return new(prefix is not null || content.Turns == 0 ? SlotKind.Template : SlotKind.Conversation, prefix, content.Length);
    }

    private static bool IsEmpty(SlotView slot) => slot.PromptTokens is 0 || (slot.PromptTokens is null && slot.TaskId is null);

    // A template that cannot be saved has no snapshot to compare with. For a label its exact number of tokens will do.
    private static string? Computed(SlotView slot, IReadOnlyList<WarmUpStatus> templates) =>
        templates.FirstOrDefault(t => t.State == WarmUpState.Computed && t.CacheableTokens == slot.PromptTokens)?.Prefix;
}
