namespace Bioproxy.Host.Plugins;

/// <summary>Finds the plugins in a directory: each sub-folder and each DLL directly in it is one.</summary>
internal static class PluginFinder
{
    /// <summary>The candidates of one directory, sorted by name: in the same order on every machine.</summary>
    public static IEnumerable<PluginCandidate> Find(string directory)
    {
        var folders = Directory.GetDirectories(directory)
            .Where(folder => !Path.GetFileName(folder).StartsWith('.'))
            .Select(FromFolder);
        var files = Dlls(directory)
            .Select(file => new PluginCandidate(Path.GetFileNameWithoutExtension(file), file, file, null));
        return folders.Concat(files).OrderBy(candidate => candidate.Name, StringComparer.Ordinal);
    }

    /// <summary>The candidates at a path given by a user: a plugin's folder, its single DLL, or a folder of plugins.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="directories">Known folders of plugins, whatever their content.</param>
    /// <returns>Empty when the path does not exist, or is a file but not a DLL.</returns>
    /// <exception cref="IOException">A folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder cannot be read.</exception>
    public static IReadOnlyList<PluginCandidate> At(string path, IEnumerable<string> directories)
    {
        path = Path.TrimEndingDirectorySeparator(path);
        if (!Directory.Exists(path))
        {
            return File.Exists(path) && path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)
                ? [new PluginCandidate(Path.GetFileNameWithoutExtension(path), path, path, null)]
                : [];
        }

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
                ? "The folder contains no plugin DLL: copy the plugin's build output into it, or move the folder elsewhere."
                : $"The folder contains {dlls.Count} DLLs ({string.Join(", ", dlls.Select(Path.GetFileName))}), and the plugin's main DLL "
                  + "cannot be determined: give the folder the name of the plugin's DLL, or copy its .deps.json beside it.");
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
