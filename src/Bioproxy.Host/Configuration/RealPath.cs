namespace Bioproxy.Host.Configuration;

/// <summary>Paths with all symbolic links resolved, including those of parent folders.</summary>
internal static class RealPath
{
    private const int MaxLinks = 40;

    /// <summary>The real path of a file or folder; parts that do not exist stay as written.</summary>
    /// <exception cref="IOException">The links form a circle, or one cannot be read.</exception>
    public static string Of(string path)
    {
        var pending = new Stack<string>();
        var resolved = Begin(Path.GetFullPath(path), pending);
        for (var links = 0; pending.TryPop(out var name);)
        {
            var next = Path.Combine(resolved, name);
            if (LinkTarget(next) is not { } target)
            {
                resolved = next;
                continue;
            }

            if (++links > MaxLinks)
                throw new IOException($"Too many symbolic links on the way to {path}.");
            // The target's own parts are resolved before the remaining ones.
            resolved = Begin(Path.GetFullPath(target, resolved), pending);
        }

        return resolved;
    }

    /// <summary>Whether a real path is a folder or lies below it.</summary>
    public static bool IsWithin(string realPath, string realFolder)
    {
        var relative = Path.GetRelativePath(realFolder, realPath);
        return relative != ".."
            && !relative.StartsWith(".." + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            && !Path.IsPathRooted(relative);
    }

    private static string Begin(string fullPath, Stack<string> pending)
    {
        var root = Path.GetPathRoot(fullPath) ?? "";
        foreach (var name in fullPath[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse())
            pending.Push(name);
        return root;
    }

    private static string? LinkTarget(string path) => new FileInfo(path).LinkTarget;
}
