namespace Bioproxy.Host.Configuration;

/// <summary>Default paths, and how configured paths are resolved.</summary>
internal static class ConfigurationPaths
{
    private const string Application = "bioproxy";

    /// <summary><c>$XDG_CONFIG_HOME/bioproxy/config.json</c>, else <c>~/.config/bioproxy/config.json</c>.</summary>
    public static string DefaultConfigFile(ConfigurationInput input) =>
        Path.GetFullPath(Path.Combine(XdgFolder(input, "XDG_CONFIG_HOME", ".config"), Application, "config.json"));

    /// <summary><c>$XDG_STATE_HOME/bioproxy</c>, else <c>~/.local/state/bioproxy</c>.</summary>
    public static string DefaultStateDirectory(ConfigurationInput input) =>
        Path.GetFullPath(Path.Combine(XdgFolder(input, "XDG_STATE_HOME", Path.Combine(".local", "state")), Application));

    public static string? Resolve(string path, string baseDirectory, string homeDirectory)
    {
        if (string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal))
            return null;
        var full = IsBelowHome(path)
            ? Path.GetFullPath(Path.Combine(homeDirectory, path[1..].TrimStart('/', Path.DirectorySeparatorChar)))
            : Path.GetFullPath(path, baseDirectory);
        return Path.TrimEndingDirectorySeparator(full);
    }

    private static bool IsBelowHome(string path) =>
        path[0] == '~' && (path.Length == 1 || path[1] == '/' || path[1] == Path.DirectorySeparatorChar);

    // The XDG base directory specification: a relative value is invalid and to be ignored.
    private static string XdgFolder(ConfigurationInput input, string variable, string belowHome) =>
        input.Environment(variable) is { Length: > 0 } folder && Path.IsPathRooted(folder)
            ? folder
            : Path.Combine(input.HomeDirectory, belowHome);
}
