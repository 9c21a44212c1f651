using System.Text.Json.Serialization;

namespace Bioproxy.PrefixStabiliser;

/// <summary>A rule as written in the configuration.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record RuleSettings
{
    /// <summary>The rule's name in logs.</summary>
    public string? Name { get; set; }

    /// <summary>A regular expression.</summary>
    public string? Match { get; set; }

    /// <summary>
    /// <c>line</c>: a line in which it matches is taken whole; <c>text</c>: what it matches is taken, over line ends too.
    /// </summary>
    public string AppliesTo { get; set; } = "line";

    /// <summary><c>remove</c>, <c>move</c> or <c>pin</c>.</summary>
    public string? Action { get; set; }

    /// <summary>Where it looks: <c>system</c>, <c>first_user</c>.</summary>
    public string[] Where { get; set; } = ["system"];
}
