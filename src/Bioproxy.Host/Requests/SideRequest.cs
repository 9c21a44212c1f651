using Bioproxy.Host.Prompts;

namespace Bioproxy.Host.Requests;

/// <summary>
/// Recognises side requests by their shape: titles, tags, follow-ups, summaries, notes, probes and sub-agents. They are computed beside a
/// conversation and never asked again, so their state is not kept and does not displace a conversation's. A pure function. Requests that
/// are too short to be kept are side requests whatever it says; a conversation's turn is never taken for one because it has no tools, only
/// because an earlier request of the same conversation had more.
/// </summary>
internal static class SideRequest
{
    /// <summary>The longest message of a probe.</summary>
    private const int ProbeBytes = 256;

    /// <summary>The longest answer, in tokens, that a title or a list of tags needs.</summary>
    private const int SmallAnswer = 512;

    /// <param name="shape">The request.</param>
    /// <param name="precedent">What is known of its conversation.</param>
    public static SideKind Of(in RequestShape shape, in Precedent precedent)
    {
        if (shape.IsSubAgent)
            return SideKind.SubAgent;

        if (shape is { HasSideOpening: true, HasAnswers: false } && precedent.Kind is PrecedentKind.None or PrecedentKind.Continued)
            return SideKind.Beside;

        // A conversation goes on as what it was: with a tool's result a side request still is one, with a person's question no more.
        if (precedent.Kind == PrecedentKind.Continued)
            return shape.UserTurns > precedent.Shape.UserTurns ? SideKind.None : precedent.Side;
        if (shape is { MaxTokens: <= 1, Messages: 1, Bytes: <= ProbeBytes })
            return SideKind.Probe;
        if (shape is { IsTask: true, UserTurns: 1 })
            return SideKind.Task;
        return precedent.Kind switch
        {
            // A tool or two may come and go within a conversation.
            PrecedentKind.SameMessages when precedent.Shape.Tools > 0 && shape.Tools * 2 <= precedent.Shape.Tools => SideKind.Compaction,
            PrecedentKind.SameSession when shape.Tools < precedent.Shape.Tools => SideKind.Beside,
            PrecedentKind.SameSession when IsSmallQuestion(shape, precedent.Shape) => SideKind.Beside,
            _ => SideKind.None,
        };
    }

    /// <summary>One question that asks for an answer in a schema, or for a shorter one than the conversation's requests do.</summary>
    private static bool IsSmallQuestion(in RequestShape shape, in RequestShape conversation) =>
        shape is { UserTurns: 1 } && shape.Tools == conversation.Tools
            && ((shape.HasSchema && !conversation.HasSchema)
                || (shape.MaxTokens <= SmallAnswer && shape.MaxTokens * 4 <= (conversation.MaxTokens ?? int.MaxValue)));
}
