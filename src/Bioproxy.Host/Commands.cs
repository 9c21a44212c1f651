using Bioproxy.Host.Configuration;

namespace Bioproxy.Host;

/// <summary>What all commands have in common.</summary>
internal static class Commands
{
    /// <summary>Exit code: something failed, or cannot be reached.</summary>
    public const int Failed = 1;

    /// <summary>Exit code: the configuration has mistakes, and nothing was started.</summary>
    public const int Misconfigured = 2;

    /// <summary>Reads the configuration and reports all mistakes in it.</summary>
    /// <returns>Null when it has any: the exit code is <see cref="Misconfigured"/>.</returns>
    public static ProxyOptions? Load(ConfigurationInput input) => LoadWithSource(input)?.Options;

    /// <summary>The same, with what is needed to read it again.</summary>
    public static (ProxyOptions Options, ConfigurationSource Source)? LoadWithSource(ConfigurationInput input)
    {
        var result = ConfigurationLoader.Load(input);
        if (result.IsValid)
            return (result.Options, new ConfigurationSource(input, result.Values));
        var mistakes = result.Errors.Count == 1 ? "a mistake" : $"{result.Errors.Count} mistakes";
        Console.Error.WriteLine($"The configuration has {mistakes}; nothing was started.");
        foreach (var error in result.Errors)
            Console.Error.WriteLine($"  {error}");
        return null;
    }
}
