namespace Bioproxy.PrefixStabiliser;

/// <summary>What a remembered text is.</summary>
internal enum MemoryKind
{
    /// <summary>The arguments of a call.</summary>
    Arguments,

    /// <summary>An answer.</summary>
    Answer,

    /// <summary>The reasoning before an answer.</summary>
    Reasoning,

    /// <summary>The reasoning before a call.</summary>
    ReasoningOfCall,

    /// <summary>What a text was first sent with.</summary>
    Reminder,

    /// <summary>A volatile text that is pinned.</summary>
    Pin,
}
