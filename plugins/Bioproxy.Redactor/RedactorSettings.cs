using System.Text.Json.Serialization;

namespace Bioproxy.Redactor;

/// <summary>What the configuration says under <c>plugins.Bioproxy.Redactor</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed class RedactorSettings
{
    /// <summary>Names of built-in patterns.</summary>
    public string[] Use { get; set; } = [];

    /// <summary>Name → regular expression.</summary>
    public Dictionary<string, string> Patterns { get; set; } = [];

    /// <summary>Roles whose messages are masked; null for all. The members beside the messages count as <c>system</c>.</summary>
    public string[]? Roles { get; set; }

    /// <summary>Whether answers get the secrets back.</summary>
    public bool Restore { get; set; } = true;

    /// <summary>Whether a request fails that holds a secret where no plugin can mask it; otherwise it goes on, with a warning.</summary>
    public bool RefuseUnreachable { get; set; }
}
