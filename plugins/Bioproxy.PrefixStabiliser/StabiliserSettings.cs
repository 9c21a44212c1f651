using System.Text.Json.Serialization;

namespace Bioproxy.PrefixStabiliser;

/// <summary>The settings under <c>plugins.Bioproxy.PrefixStabiliser</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed class StabiliserSettings
{
    /// <summary>The user's own rules; they come before the built-in ones.</summary>
    public RuleSettings[] Rules { get; set; } = [];

    /// <summary>Names of built-in rules.</summary>
    public string[] Use { get; set; } = [];

    /// <summary>Whether lists of tools are sorted by name.</summary>
    public bool SortTools { get; set; }
}
