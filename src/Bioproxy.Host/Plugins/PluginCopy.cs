namespace Bioproxy.Host.Plugins;

/// <summary>
/// A private copy of a plugin's code. A loaded plugin reads its libraries when it first needs them; from the copy they are always those of
/// its own version, and a file that is overwritten in the plugin folder cannot crash a process that has mapped it.
/// </summary>
internal sealed class PluginCopy : IDisposable
{
    private const string Prefix = "bioproxy-plugin-";
    private const string LockSuffix = ".lock";

    private readonly string? _folder;
    private readonly FileStream? _lock;

    /// <param name="mainFile">The main DLL that is to be loaded.</param>
    /// <param name="folder">The folder that this object owns; null when the plugin is loaded from where it was found.</param>
    /// <param name="held">Open as long as the folder is used.</param>
    private PluginCopy(string mainFile, string? folder, FileStream? held)
    {
        MainFile = mainFile;
        _folder = folder;
        _lock = held;
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
        if (Reserve(temporary, out var reason) is not { } copy)
        {
            return new PluginCopy(main, null, null)
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
                var target = Path.Combine(copy.Folder, Path.GetRelativePath(source, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.WriteAllBytes(target, File.ReadAllBytes(file)); // File.Copy would copy a read-only mark, too
            }

            return PluginFingerprint.Of(candidate) == before
                ? new PluginCopy(Path.Combine(copy.Folder, Path.GetRelativePath(source, main)), copy.Folder, copy.Lock)
                : throw PluginFaultException.Faulted("Its files changed while they were read; it is tried again once they have settled.");
        }
        catch (Exception e)
        {
            Delete(copy.Folder, copy.Lock);
            if (e is IOException or UnauthorizedAccessException)
                throw PluginFaultException.Faulted($"It cannot be copied to {temporary}: {e.Message}", e);
            throw;
        }
    }

    /// <summary>Deletes what processes that have crashed left in the folder for copies.</summary>
    public static void DeleteAbandoned(string temporary)
    {
        try
        {
            foreach (var file in Directory.EnumerateFiles(temporary, Prefix + "*" + LockSuffix))
            {
                if (TryOpen(file, FileMode.Open) is { } held)
                    Delete(file[..^LockSuffix.Length], held);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Left to the operating system, which cleans its temporary folder.
        }
    }

    public void Dispose()
    {
        if (_folder is not null)
            Delete(_folder, _lock);
    }

    /// <summary>The lock comes before the folder: a folder whose lock is free belongs to a process that has ended.</summary>
    private static (string Folder, FileStream Lock)? Reserve(string temporary, out string? reason)
    {
        var folder = Path.Combine(temporary, Prefix + Path.GetRandomFileName());
        FileStream? held = null;
        try
        {
            held = new FileStream(folder + LockSuffix, LockOptions(FileMode.CreateNew));
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            reason = null;
            return (folder, held);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            reason = e.Message;
            return null;
        }
    }

    private static FileStream? TryOpen(string file, FileMode mode)
    {
        try
        {
            return new FileStream(file, LockOptions(mode));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // its process lives, or it belongs to another user
        }
    }

    private static FileStreamOptions LockOptions(FileMode mode) =>
        new() { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0, Options = FileOptions.DeleteOnClose };

    // Where a mapped native library cannot be deleted the folder stays until a later start.
    private static void Delete(string folder, FileStream? held)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // the lock file that is left below makes a later start try again
        }

        var isLeft = Directory.Exists(folder);
        held?.Dispose();
        if (isLeft)
            File.WriteAllBytes(folder + LockSuffix, []);
    }

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
