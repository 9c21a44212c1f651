using System.Text.Json.Serialization;

namespace Bioproxy.PrefixStabiliser;

/// <summary>The settings under <c>plugins.Bioproxy.PrefixStabiliser</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed class StabiliserSettings
{
    /// <summary>Removes the attribution header of Claude Code.</summary>
    public bool Attribution { get; set; } = true;

    /// <summary>Puts arguments of tool calls back as the model wrote them.</summary>
    public bool ToolArguments { get; set; } = true;

    /// <summary>Puts answers back whose white space was changed at their edges.</summary>
    public bool AnswerText { get; set; } = true;

    /// <summary>Gives answers their reasoning back where the client left it out.</summary>
    public bool Reasoning { get; set; }

    /// <summary>Keeps <c>&lt;system-reminder&gt;</c> blocks where they were first.</summary>
    public bool SystemReminder { get; set; }

    /// <summary>Turns system messages in the middle of a conversation into messages of the user.</summary>
    public bool LateSystem { get; set; }

    /// <summary>Keeps tools in the order in which they were sent before, new ones behind them.</summary>
    public bool ToolOrder { get; set; }

    /// <summary>Keeps each tool as it was sent before where only the order of its members changed.</summary>
    public bool SchemaOrder { get; set; }

    /// <summary>The user's own rules; they come before the built-in ones.</summary>
    public RuleSettings[] Rules { get; set; } = [];

    /// <summary>Names of built-in rules, each with its own action.</summary>
    public string[] Use { get; set; } = [];

    /// <summary>Names of built-in rules whose matches stay as they were first in their conversation.</summary>
    public string[] Pin { get; set; } = [];

    /// <summary>Whether lists of tools are sorted by name.</summary>
    public bool SortTools { get; set; }
}
