using System.Text.Json.Serialization;

namespace Bioproxy.Fixtures.Settings;

/// <summary>One key that must be there, and one that may.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record GreetingSettings
{
    public required string Greeting { get; init; }

    public int Times { get; init; } = 1;
}
