using System.Text.Json.Nodes;

namespace Bioproxy.Host.Configuration;

/// <summary>One key of the configuration: the same entry serves the file, the environment, the command line and the schema.</summary>
/// <param name="Name">With a dot between an object and its member: <c>kv.directory</c>.</param>
/// <param name="IsScalar">Whether a single string can hold the value, so that it has an environment variable.</param>
/// <param name="Read">Reads a value into the options; a mistake is reported and leaves the options unchanged.</param>
/// <param name="Schema">Makes the JSON schema of the value.</param>
internal sealed record ConfigurationKey(string Name, bool IsScalar, ConfigurationKey.Reader Read, Func<JsonObject> Schema)
{
    public delegate ProxyOptions Reader(ProxyOptions options, ConfigurationValue value, ConfigurationReading reading);

    /// <summary>Takes the value over from other options while the proxy runs; null where that needs a restart.</summary>
    /// <param name="now">The options in use.</param>
    /// <param name="next">Those of the changed configuration.</param>
    public delegate ProxyOptions Change(ProxyOptions now, ProxyOptions next);

    public Change? Live { get; init; }

    /// <summary>The command-line option with its two dashes, or null.</summary>
    public string? Option { get; init; }

    /// <summary>What the option's value is called in the help.</summary>
    public string OptionValue { get; init; } = "value";

    /// <summary>The option's line in the help.</summary>
    public string OptionHelp { get; init; } = "";

    public string? EnvironmentVariable => IsScalar ? $"BIOPROXY_{Name.Replace('.', '_').ToUpperInvariant()}" : null;
}
