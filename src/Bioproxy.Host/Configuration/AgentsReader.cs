namespace Bioproxy.Host.Configuration;

/// <summary>Reads <c>agents</c>: the slash commands that are enabled.</summary>
internal static class AgentsReader
{
    private const string Key = "agents";

    public static ProxyOptions Read(ProxyOptions options, ConfigurationValue value, ConfigurationReading reading)
    {
        if (value.Kind == ConfigurationValueKind.Null)
            return options with { Agents = null };
        if (value.Kind != ConfigurationValueKind.Array || !value.Members.All(element => IsCommand(element.Value)))
        {
            reading.Reject(Key, value, "an array of commands, e.g. [\"rag\", \"parallel\"], or null for all");
            return options;
        }

        return options with { Agents = [.. value.Members.Select(element => element.Value.Content.TrimStart('/'))] };
    }

    private static bool IsCommand(ConfigurationValue value) =>
        value.Kind == ConfigurationValueKind.Text && value.Content.Trim('/').Length > 0;
}
