namespace Bioproxy.Host.Plugins;

/// <summary>A native library that a plugin brings.</summary>
/// <param name="Name">As code names it: without <c>lib</c> and the extension.</param>
/// <param name="Machines">The kinds of machine it brings it for, as in <c>linux-x64</c>.</param>
/// <param name="Chosen">The file that is loaded on this machine, relative to the plugin's folder; null when none suits.</param>
/// <param name="IsImported">The plugin's own code imports it; otherwise it is a library's, perhaps for other systems only.</param>
internal sealed record NativeLibrary(string Name, IReadOnlyList<string> Machines, string? Chosen, bool IsImported)
{
    /// <summary>By its name; a .dll may as well be a .NET assembly.</summary>
    public static bool IsOne(string file) => Path.GetFileName(file) is var name
        && (name.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".dylib", StringComparison.Ordinal)
            || name.EndsWith(".so", StringComparison.Ordinal) || name.Contains(".so.", StringComparison.Ordinal));

    public static string NameOf(string file)
    {
        var name = Path.GetFileName(file);
        var end = name.IndexOf(".so", StringComparison.Ordinal);
        if (end < 0 && Path.GetExtension(name).ToLowerInvariant() is ".dll" or ".dylib")
            end = name.LastIndexOf('.');
        if (end > 0)
            name = name[..end];
        return name.StartsWith("lib", StringComparison.Ordinal) && name.Length > 3 ? name[3..] : name;
    }
}
