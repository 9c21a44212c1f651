namespace Bioproxy.Testing;

/// <summary>A plugin as it was built: the folder that would be copied below the host's <c>plugins/</c>.</summary>
public sealed class PluginFolder
{
    /// <summary>A folder with a plugin's build output.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="name">The plugin's name; without it, the name of its only <c>.deps.json</c>, or else of the folder.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public PluginFolder(string path, string? name = null)
    {
        Path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        if (!Directory.Exists(Path))
            throw new DirectoryNotFoundException($"There is no folder {Path}: build the plugin first.");
        Name = name ?? NameIn(Path);
    }

    /// <summary>The folder, absolute.</summary>
    public string Path { get; }

    /// <summary>The plugin's name: settings and statuses are under it.</summary>
    public string Name { get; }

    private static string NameIn(string folder)
    {
        const string Dependencies = ".deps.json";
        return Directory.GetFiles(folder, "*" + Dependencies) is [var only]
            ? System.IO.Path.GetFileName(only)[..^Dependencies.Length]
            : System.IO.Path.GetFileName(folder);
    }
}
