using System.Text.Json.Serialization;

namespace Bioproxy.Plugins.Shared;

/// <summary>The settings of a template engine.</summary>
/// <remarks>
/// Properties with <c>set</c>, not <c>init</c>: the source-generated reader loses the defaults of <c>init</c> properties.
/// </remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed class EngineSettings
{
    /// <summary>The volatile variables that templates may use: <c>model</c>, <c>date</c>.</summary>
    public string[] Variables { get; set; } = [];

    /// <summary>How <c>date</c> is written: a .NET format, always in the invariant culture.</summary>
    public string DateFormat { get; set; } = "yyyy-MM-dd";
}
