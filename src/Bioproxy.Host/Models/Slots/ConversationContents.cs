using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// How contents and prompts of one named conversation are related. That decides which slot is taken, and what is worth keeping; what is
/// reused is decided by equal text alone. Guarded by the table's lock.
/// </summary>
internal static class ConversationContents
{
    /// <summary>Whether a prompt is beside the conversation that some slot holds: it names it and shares nothing with it. Of two that share
    /// nothing the conversation is the one with more tools, or else with more turns; one that begins anew behind the same system message
    /// and tools, as after a compaction, is the conversation itself.</summary>
    public static bool HaveConversationBeside(SlotState[] slots, CanonicalPrompt prompt) => prompt.Session is { } session
        && Array.Exists(slots, s => s.Content is { } content && IsTurnOf(content, session, prompt.Domain)
            && Outranks(content, prompt)
            && (content.Opening == 0 || content.Opening != prompt.Opening)
            && !(prompt.Turns > 1 && (prompt.IsSessionShared || content.Opening == 0)
                && prompt.FirstMessage != content.FirstMessage) // rather another conversation
            && prompt.SharedWith(content.Chain) <= Planner.LeastSimilarity * prompt.Chain.Length);

    /// <summary>Whether the prompt is the content's conversation without its text: the system message or the tools were edited, or it
    /// begins anew as after a compaction. Nothing of the content will be asked for again.</summary>
    public static bool IsReplacedBy(SlotContent content, CanonicalPrompt prompt)
    {
        if (prompt.Session is not { } session || !IsTurnOf(content, session, prompt.Domain)
            || prompt.Side != SideKind.None || content.FirstMessage == 0)
            return false;
        return prompt.Turns > content.Turns
            ? prompt.FirstMessage == content.FirstMessage && prompt.Shape.Tools >= content.Tools
            : !prompt.IsSessionShared && content.Opening != 0 && prompt.Opening == content.Opening;
    }

    /// <summary>Whether the client itself edits its conversation when a prompt takes the place of what follows the common
    /// prefix.</summary>
    public static bool IsEditedBy(SlotContent content, CanonicalPrompt prompt) =>
        content.Session is { } session && session == prompt.Session
            && (!content.IsConversation
                || (prompt.Side == SideKind.None && (!prompt.IsSessionShared || prompt.FirstMessage == content.FirstMessage)));

    /// <summary>Finds what is of no use any more now that a conversation's turn was computed. A title is often asked for before the
    /// conversation's first turn: only that turn shows that it was a side request. And an earlier state in another slot, behind a system
    /// message that was edited since, is not asked for again.</summary>
    public static void FindSpent(SlotState[] slots, SlotContent? conversation)
    {
        if (conversation is not { IsConversation: true, Session: { } session })
            return;
        foreach (var slot in slots)
        {
            if (!slot.IsBorrowed && slot.Content is { } content && IsTurnOf(content, session, conversation.Domain)
                && !ReferenceEquals(content, conversation)
                && (content.Turns == 1 ? content.Tools < conversation.Tools : IsEarlier(content, conversation)))
                slot.Content = content with { IsSide = true, Side = SideKind.Beside };
        }
    }

    private static bool IsTurnOf(SlotContent content, string session, string? domain) =>
        content.IsConversation && content.Session == session && content.Domain == domain;

    private static bool IsEarlier(SlotContent content, SlotContent conversation) => content.FirstMessage != 0
        && content.FirstMessage == conversation.FirstMessage && content.Turns < conversation.Turns && content.Tools <= conversation.Tools;

    private static bool Outranks(SlotContent content, CanonicalPrompt prompt) =>
        content.Tools > prompt.Shape.Tools || (content.Tools == prompt.Shape.Tools && content.Turns >= prompt.Turns);
}
