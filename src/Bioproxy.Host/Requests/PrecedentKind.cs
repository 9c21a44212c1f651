namespace Bioproxy.Host.Requests;

/// <summary>How a prompt is related to an earlier one.</summary>
internal enum PrecedentKind
{
    /// <summary>No earlier prompt is related to it.</summary>
    None,

    /// <summary>It begins with all of the earlier one.</summary>
    Continued,

    /// <summary>It has the earlier one's messages, behind another system message or other tools.</summary>
    SameMessages,

    /// <summary>The client says that both belong to one conversation.</summary>
    SameSession,
}
