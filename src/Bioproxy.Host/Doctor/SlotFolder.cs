namespace Bioproxy.Host.Doctor;

/// <summary>The folder of <c>kv.directory</c>, which should be llama-server's <c>--slot-save-path</c>.</summary>
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

    /// <param name="saved">The size of the file that was saved; null when none was.</param>
    public FolderFacts Look(long? saved)
    {
        try
        {
            var file = new FileInfo(_file);
            var hasFile = file.Exists && file.Length == saved;
            return new FolderFacts(path, Directory.Exists(path), saved is null ? null : hasFile, hasFile && IsOpen(file), Directory.Exists(path) ? new DriveInfo(path).AvailableFreeSpace : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new FolderFacts(path, Directory.Exists(path), null, false, null);
        }
    }

    /// <summary>Read by others: the file lets them, and every folder above lets them through.</summary>
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
