namespace Bioproxy.Host.Admin;

/// <summary>What a slot holds, in one word.</summary>
internal enum SlotKind
{
    /// <summary>Nothing.</summary>
    Empty,

    /// <summary>Content that did not come through this proxy, or that was replaced since.</summary>
    Unknown,

    /// <summary>The prompt prefix of a template and nothing else.</summary>
    Template,

    /// <summary>A user's prompt, which the next turn continues.</summary>
    Conversation,

    /// <summary>The first part of a prompt whose evaluation was stopped.</summary>
    Partial,
}
