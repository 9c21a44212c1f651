namespace Bioproxy.Host.Admin;

/// <summary>What a slot holds, in one word.</summary>
internal enum SlotKind
{
    /// <summary>Nothing.</summary>
    Empty,

    /// <summary>Something that is not known here: used by somebody else, or emptied and filled again.</summary>
    Unknown,

    /// <summary>A template's beginning and nothing else, as it is saved on disk.</summary>
    Template,

    /// <summary>A prompt of a user, to be continued by the next turn.</summary>
    Conversation,

    /// <summary>The first part of a prompt whose evaluation was stopped.</summary>
    Partial,
}
