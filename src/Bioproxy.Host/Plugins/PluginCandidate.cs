namespace Bioproxy.Host.Plugins;

/// <summary>An entry of a plugin directory that should be a plugin.</summary>
/// <param name="Name">The folder's name, or the file's without <c>.dll</c>.</param>
/// <param name="Path">The folder, or the file.</param>
/// <param name="MainFile">The main DLL; null when it cannot be determined.</param>
/// <param name="Problem">Why there is no main DLL.</param>
internal sealed record PluginCandidate(string Name, string Path, string? MainFile, string? Problem)
{
    public bool IsSingleFile => Path == MainFile;

    /// <summary>The existing files that belong to a single DLL. What else is beside it belongs to other plugins.</summary>
    public IEnumerable<string> FilesOfSingleFile() =>
        new[] { Path, System.IO.Path.ChangeExtension(Path, ".deps.json"), System.IO.Path.ChangeExtension(Path, ".pdb") }.Where(File.Exists);
}
