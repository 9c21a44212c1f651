namespace Bioproxy.Host.Configuration;

/// <summary>Folders that only their owner can read.</summary>
internal static class PrivateFolder
{
    /// <summary>Creates the folder where it is missing. The mode applies to the last folder of the path only.</summary>
    /// <exception cref="IOException">The folder cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be created.</exception>
    public static DirectoryInfo Create(string path) => OperatingSystem.IsWindows()
        ? Directory.CreateDirectory(path)
        : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
}
