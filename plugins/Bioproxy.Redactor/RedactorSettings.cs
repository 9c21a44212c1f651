using System.Text.Json.Serialization;

namespace Bioproxy.Redactor;

/// <summary>The settings under <c>plugins.Bioproxy.Redactor</c>.</summary>
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

    /// <summary>Whether a request with a secret that no plugin can mask is refused; otherwise it is forwarded with a warning.</summary>
    public bool RefuseUnreachable { get; set; }
}
