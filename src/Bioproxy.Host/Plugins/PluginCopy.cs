namespace Bioproxy.Host.Plugins;

/// <summary>
/// A private copy of a plugin's code. A loaded plugin reads its libraries when it first needs them; from the copy they are always those of
/// its own version, and a file that is overwritten in the plugin folder cannot crash a process that has mapped it.
/// </summary>
internal sealed class PluginCopy : IDisposable
{
    private readonly TemporaryFolder? _folder;

    /// <param name="mainFile">The main DLL that is to be loaded.</param>
    /// <param name="folder">The folder that this object owns; null when the plugin is loaded from where it was found.</param>
    private PluginCopy(string mainFile, TemporaryFolder? folder)
    {
        MainFile = mainFile;
        _folder = folder;
    }

    public string MainFile { get; }

    /// <summary>Why there is no copy, for the plugin's status; null when there is one.</summary>
    public string? Note { get; private init; }

    /// <summary>Copies a plugin's code.</summary>
    /// <param name="candidate">A plugin that has a main DLL.</param>
    /// <param name="temporary">The folder for copies.</param>
    /// <exception cref="PluginFaultException">The files cannot be read, or changed meanwhile: a copy would mix two versions.</exception>
    public static PluginCopy Of(PluginCandidate candidate, string temporary)
    {
        var main = candidate.MainFile!;
        if (TemporaryFolder.Create(temporary, out var reason) is not { } copy)
        {
            return new PluginCopy(main, null)
            {
                Note = $"It is used from its own folder, because {temporary} cannot be written to ({reason}). "
                    + "Do not overwrite its files while the proxy runs, or set TMPDIR to a writable folder.",
            };
        }

        try
        {
            var before = PluginFingerprint.Of(candidate);
            var source = candidate.IsSingleFile ? Path.GetDirectoryName(main)! : candidate.Path;
            foreach (var file in FilesOf(candidate))
            {
                var target = Path.Combine(copy.Path, Path.GetRelativePath(source, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.WriteAllBytes(target, File.ReadAllBytes(file)); // File.Copy would copy a read-only mark, too
            }

            return PluginFingerprint.Of(candidate) == before
                ? new PluginCopy(Path.Combine(copy.Path, Path.GetRelativePath(source, main)), copy)
                : throw PluginFaultException.Faulted("Its files changed while they were read; it is tried again once they have settled.");
        }
        catch (Exception e)
        {
            copy.Dispose();
            if (e is IOException or UnauthorizedAccessException)
                throw PluginFaultException.Faulted($"It cannot be copied to {temporary}: {e.Message}", e);
            throw;
        }
    }

    public void Dispose() => _folder?.Dispose();

    // A plugin's own copy of the contract is never used.
    private static IEnumerable<string> FilesOf(PluginCandidate candidate) => candidate.IsSingleFile
        ? candidate.FilesOfSingleFile()
        : Directory.EnumerateFiles(candidate.Path, "*", SearchOption.AllDirectories)
            .Where(file => IsCode(Path.GetFileName(file)) && !ContractAssemblies.Names.Contains(Path.GetFileNameWithoutExtension(file)));

    private static bool IsCode(string name) =>
        name.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".pdb", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith(".deps.json", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".dylib", StringComparison.Ordinal)
        || name.EndsWith(".so", StringComparison.Ordinal) || name.Contains(".so.", StringComparison.Ordinal);
}
