namespace Bioproxy.Host.Prompts;

/// <summary>What made a prompt differ from an earlier one; <see cref="MissCauses.RuleOf"/> names the prefix stabiliser's rule against
/// it.</summary>
internal enum MissCause
{
    /// <summary>Nothing known.</summary>
    Other,

    /// <summary>The prompt has not changed: no slot, snapshot or RAM cache held its state any more, or the model could not be rolled back
    /// to it.</summary>
    StateLost,

    /// <summary>A side request, such as a summary, repeats the conversation behind another system message or other tools.</summary>
    SideRequest,

    /// <summary>A header for accounting in the system message.</summary>
    BillingHeader,

    /// <summary>The same tools in another order.</summary>
    ToolOrder,

    /// <summary>The same tools with the members of their schemas in another order, or written in another way.</summary>
    SchemaOrder,

    /// <summary>Other tools.</summary>
    ToolsChanged,

    /// <summary>The arguments of a tool call, written in another way.</summary>
    ToolArguments,

    /// <summary>White space only.</summary>
    WhiteSpace,

    /// <summary>An answer came back without its reasoning.</summary>
    Reasoning,

    /// <summary>A system reminder that moved to another message.</summary>
    SystemReminder,

    /// <summary>A system message in the middle of the conversation.</summary>
    MidSystem,

    /// <summary>A date.</summary>
    CurrentDate,

    /// <summary>A time of day.</summary>
    CurrentTime,

    /// <summary>An id of the request or the session.</summary>
    Nonce,

    /// <summary>How many turns or steps are left.</summary>
    TurnsLeft,

    /// <summary>How much of the context is used.</summary>
    TokenUsage,

    /// <summary>What the session has cost.</summary>
    Cost,

    /// <summary>Another number.</summary>
    Counter,

    /// <summary>What git reports of a working tree.</summary>
    GitStatus,

    /// <summary>A list of files.</summary>
    DirectoryListing,

    /// <summary>Another text in the system message.</summary>
    SystemText,

    /// <summary>An earlier message was edited, or left out.</summary>
    EditedMessage,
}
