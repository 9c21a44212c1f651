namespace Bioproxy.Host.Doctor;

/// <summary>The configured slot folder, which should be llama-server's <c>--slot-save-path</c>.</summary>
internal sealed class SlotFolder(string path, string fileName)
{
    private readonly string _file = Path.Combine(path, fileName);

    /// <summary>Deletes the file; false when it is still there.</summary>
    public bool Delete()
    {
        try
        {
            File.Delete(_file);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <param name="saved">The size of the saved file; null when none was saved.</param>
    public FolderFacts Look(long? saved)
    {
        try
        {
            var file = new FileInfo(_file);
            var hasFile = file.Exists && file.Length == saved;
            var exists = Directory.Exists(path);
            long? free = exists ? new DriveInfo(path).AvailableFreeSpace : null;
            return new FolderFacts(path, exists, saved is null ? null : hasFile, hasFile && IsOpen(file), free);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new FolderFacts(path, Directory.Exists(path), null, false, null);
        }
    }

    /// <summary>Whether other users can read the file: its own mode allows it, and every folder above can be entered.</summary>
    private static bool IsOpen(FileInfo file)
    {
        if (OperatingSystem.IsWindows() || !file.UnixFileMode.HasFlag(UnixFileMode.OtherRead))
            return false;
        for (var folder = file.Directory; folder is not null; folder = folder.Parent)
        {
            if (!folder.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
                return false;
        }

        return true;
    }
}
