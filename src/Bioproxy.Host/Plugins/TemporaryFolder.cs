using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Plugins;

/// <summary>A private folder for code, with a lock beside it that its process holds: what a crash leaves is known by a lock that is
/// free.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private const string Prefix = "bioproxy-plugin-";
    private const string LockSuffix = ".lock";

    private readonly FileStream _lock;

    private TemporaryFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    /// <returns>Null, with the reason, where the folder cannot be written to.</returns>
    public static TemporaryFolder? Create(string temporary, out string? reason)
    {
        var folder = System.IO.Path.Combine(temporary, Prefix + System.IO.Path.GetRandomFileName());
        FileStream? held = null;
        try
        {
            // The lock comes first: a folder whose lock is free belongs to a process that has ended.
            held = new FileStream(folder + LockSuffix, LockOptions(FileMode.CreateNew));
            PrivateFolder.Create(folder);
            reason = null;
            return new TemporaryFolder(folder, held);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            reason = e.Message;
            return null;
        }
    }

    /// <summary>Deletes what processes that have crashed left there.</summary>
    public static void DeleteAbandoned(string temporary)
    {
        try
        {
            foreach (var file in Directory.EnumerateFiles(temporary, Prefix + "*" + LockSuffix))
            {
                if (TryOpen(file) is { } held)
                    new TemporaryFolder(file[..^LockSuffix.Length], held).Dispose();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Left to the operating system, which cleans its temporary folder.
        }
    }

    /// <summary>Where a mapped native library cannot be deleted the folder stays until a later start.</summary>
    public void Dispose()
    {
        try
        {
            if (Directory.Exists(Path))
                Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // the lock file that is left below makes a later start try again
        }

        var isLeft = Directory.Exists(Path);
        _lock.Dispose();
        if (isLeft)
            File.WriteAllBytes(Path + LockSuffix, []);
    }

    private static FileStream? TryOpen(string file)
    {
        try
        {
            return new FileStream(file, LockOptions(FileMode.Open));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // its process lives, or it belongs to another user
        }
    }

    private static FileStreamOptions LockOptions(FileMode mode) =>
        new() { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0, Options = FileOptions.DeleteOnClose };
}
