namespace Bioproxy.Host.Configuration;

/// <summary>A file's length and time when it was read: enough to see that it has not changed since.</summary>
/// <param name="Length">The length in bytes; -1 if the file did not exist.</param>
/// <param name="Modified">The time of the last write.</param>
internal readonly record struct FileStamp(long Length, DateTime Modified)
{
    /// <summary>The stamp of a file that does not exist or cannot be examined.</summary>
    public static FileStamp Missing { get; } = new(-1, default);

    /// <summary>The stamp of a file; for a symbolic link, that of its target.</summary>
    public static FileStamp Of(string path)
    {
        try
        {
            var file = new FileInfo(RealPath.Of(path));
            return file.Exists ? new FileStamp(file.Length, file.LastWriteTimeUtc) : Missing;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Missing;
        }
    }

    /// <summary>Whether an equal stamp later proves an unchanged file. File systems store times in steps of up to two seconds, so a file
    /// that was read within the step it was written in may change again without changing its stamp.</summary>
    public bool IsReliable(DateTimeOffset readAt) => Length < 0 || readAt.UtcDateTime - Modified > TimeSpan.FromSeconds(2);
}
