using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>Which contents and prompts of a named conversation are beside it. Guarded by the table's lock.</summary>
internal static class SideContents
{
    /// <summary>Whether a prompt is beside the conversation that some slot holds: it names it and shares nothing with it. Of two that share
    /// nothing the conversation is the one with more tools, or else with more turns; one that begins anew behind the same system message
    /// and tools, as after a compaction, is the conversation itself.</summary>
    public static bool HaveConversationBeside(SlotState[] slots, CanonicalPrompt prompt) => prompt.Session is { } session
        && Array.Exists(slots, s => s.Content is { IsSide: false } content && content.Session == session && content.Domain == prompt.Domain
            && Outranks(content, prompt)
            && (content.Opening == 0 || content.Opening != prompt.Opening)
            && prompt.SharedWith(content.Chain) <= Planner.LeastSimilarity * prompt.Chain.Length);

    /// <summary>A title is often asked for before the conversation's first turn: only that turn shows that it was a side request.</summary>
    public static void FindBeside(SlotState[] slots, SlotContent? conversation)
    {
        if (conversation is not { IsSide: false, Session: { } session })
            return;
        foreach (var slot in slots)
        {
            if (!slot.IsBorrowed && slot.Content is { IsSide: false, Turns: 1 } content && content.Session == session
                && content.Domain == conversation.Domain && content.Tools < conversation.Tools)
                slot.Content = content with { IsSide = true };
        }
    }

    private static bool Outranks(SlotContent content, CanonicalPrompt prompt) =>
        content.Tools > prompt.Shape.Tools || (content.Tools == prompt.Shape.Tools && content.Turns >= prompt.Turns);
}
