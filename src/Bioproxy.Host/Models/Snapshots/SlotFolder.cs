using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>llama-server's slot folder, as far as this process can reach it.</summary>
/// <param name="directory">The folder of --slot-save-path (kv.directory); null where it cannot be reached.</param>
/// <param name="logger">Of the store.</param>
internal sealed partial class SlotFolder(string? directory, ILogger logger)
{
    private readonly ILogger _logger = logger;

    public string? Directory => directory;

    /// <summary>Whether the snapshot's file exists and has its size; true where that cannot be checked.</summary>
    public bool Holds(Snapshot snapshot) =>
        directory is null
        || (new FileInfo(Path.Combine(directory, snapshot.File)) is { Exists: true } file && file.Length == snapshot.Bytes);

    /// <summary>Names of all snapshot files, those of other proxies included.</summary>
    public IReadOnlyList<string> Files() =>
        directory is null
            ? []
            : [.. System.IO.Directory.EnumerateFiles(directory, "bioproxy-*.bin").Select(static path => Path.GetFileName(path))];

    /// <summary>Deletes a file; a failure is logged.</summary>
    /// <returns>False when the folder cannot be reached: the file is still there.</returns>
    public bool TryDelete(string file)
    {
        if (directory is null)
            return false;
        try
        {
            File.Delete(Path.Combine(directory, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogCannotDelete(file, e.Message);
        }

        return true;
    }

    /// <summary>Saved states are prompts: where the file is ours, no other user may read it.</summary>
    public void Protect(string file)
    {
        if (directory is null || OperatingSystem.IsWindows())
            return;
        try
        {
            File.SetUnixFileMode(Path.Combine(directory, file), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // another user's server wrote it; the folder's own mode decides, and doctor checks it
        }
    }

    /// <summary>Free bytes on the folder's disk; null where that is unknown.</summary>
    public long? FreeBytes()
    {
        try
        {
            return directory is null ? null : new DriveInfo(directory).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The old snapshot {File} could not be deleted: {Reason}")]
    private partial void LogCannotDelete(string file, string reason);
}
