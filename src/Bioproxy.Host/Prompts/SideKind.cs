namespace Bioproxy.Host.Prompts;

/// <summary>What a side request is for: a request beside a conversation, whose own state is not worth keeping.</summary>
internal enum SideKind
{
    /// <summary>Not a side request: a conversation's turn.</summary>
    None,

    /// <summary>One short message and one token of answer: is the key valid, is there quota left?</summary>
    Probe,

    /// <summary>A task that a chat program sets about a chat: a title, tags, follow-up questions.</summary>
    Task,

    /// <summary>The client says that a sub-agent asks.</summary>
    SubAgent,

    /// <summary>The messages of a conversation with fewer tools: a summary, or notes about it. It shares the conversation's text, but
    /// nothing of its prompt prefix.</summary>
    Compaction,

    /// <summary>Names a conversation, and shares nothing with it.</summary>
    Beside,
}
