namespace Bioproxy.Host.Plugins;

/// <summary>Something in a plugin directory that should be a plugin.</summary>
/// <param name="Name">The folder's name, or the file's without <c>.dll</c>.</param>
/// <param name="Path">The folder, or the file.</param>
/// <param name="MainFile">The main DLL, or null when there is no telling which one it is.</param>
/// <param name="Problem">Why there is no main DLL.</param>
internal sealed record PluginCandidate(string Name, string Path, string? MainFile, string? Problem)
{
    public bool IsSingleFile => Path == MainFile;
}
