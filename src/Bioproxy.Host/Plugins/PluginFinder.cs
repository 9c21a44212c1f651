namespace Bioproxy.Host.Plugins;

/// <summary>Finds what lies in a plugin directory: each sub-folder is a plugin, each DLL directly in it is one too.</summary>
internal static class PluginFinder
{
    /// <summary>The candidates of one directory by name, in a fixed order on every machine.</summary>
    public static IEnumerable<PluginCandidate> Find(string directory)
    {
        var folders = Directory.GetDirectories(directory)
            .Where(folder => !Path.GetFileName(folder).StartsWith('.'))
            .Select(FromFolder);
        var files = Dlls(directory)
            .Select(file => new PluginCandidate(Path.GetFileNameWithoutExtension(file), file, file, null));
        return folders.Concat(files).OrderBy(candidate => candidate.Name, StringComparer.Ordinal);
    }

    /// <summary>What a person points at: a plugin's folder, its single DLL, or a folder of plugins.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="directories">Folders of plugins, whatever lies in them.</param>
    /// <returns>Empty when nothing is there, or when a file is no DLL.</returns>
    /// <exception cref="IOException">A folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder cannot be read.</exception>
    public static IReadOnlyList<PluginCandidate> At(string path, IEnumerable<string> directories)
    {
        path = Path.TrimEndingDirectorySeparator(path);
        if (!Directory.Exists(path))
            return File.Exists(path) && path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? [new PluginCandidate(Path.GetFileNameWithoutExtension(path), path, path, null)] : [];
        var isDirectory = directories.Select(Path.TrimEndingDirectorySeparator).Contains(path, StringComparer.Ordinal)
            || (Dlls(path).Count == 0 && Directory.GetDirectories(path).Any(folder => Dlls(folder).Count > 0));
        return isDirectory ? [.. Find(path)] : [FromFolder(path)];
    }

    private static PluginCandidate FromFolder(string folder)
    {
        var name = Path.GetFileName(folder);
        try
        {
            var dlls = Dlls(folder);
            var main = dlls.Find(dll => Path.GetFileNameWithoutExtension(dll).Equals(name, StringComparison.OrdinalIgnoreCase));
            if (main is not null)
                return new PluginCandidate(name, folder, main, null);

            var described = dlls.FindAll(dll => File.Exists(Path.ChangeExtension(dll, ".deps.json")));
            if (described.Count == 1)
                return new PluginCandidate(name, folder, described[0], null);
            if (dlls.Count == 1)
                return new PluginCandidate(name, folder, dlls[0], null);

            return new PluginCandidate(name, folder, null, dlls.Count == 0
                ? "The folder holds no plugin DLL: copy the plugin's build output into it, or move the folder elsewhere."
                : $"The folder holds {dlls.Count} DLLs ({string.Join(", ", dlls.Select(Path.GetFileName))}) and none tells that it is the plugin: "
                  + $"give the folder the name of the plugin's DLL, or copy its .deps.json beside it.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new PluginCandidate(name, folder, null, $"The folder cannot be read: {e.Message}");
        }
    }

    private static List<string> Dlls(string folder) =>
        [.. Directory.GetFiles(folder, "*.dll")
            .Where(file => !ContractAssemblies.Names.Contains(Path.GetFileNameWithoutExtension(file)))
            .Order(StringComparer.Ordinal)];
}
