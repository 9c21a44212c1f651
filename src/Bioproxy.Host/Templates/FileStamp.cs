namespace Bioproxy.Host.Templates;

/// <summary>What a file looked like from outside when it was read: enough to see that it has not changed.</summary>
/// <param name="Length">Its length; -1 when there was no such file.</param>
/// <param name="Modified">When it was last written.</param>
internal readonly record struct FileStamp(long Length, DateTime Modified)
{
    /// <summary>There is no such file (or it cannot be opened, which a later change of its permissions does not show in any stamp).</summary>
    public static FileStamp Missing { get; } = new(-1, default);

    /// <summary>The stamp of a file; that of its target when it is a symbolic link.</summary>
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

    /// <summary>Whether an equal stamp later proves an equal file. File systems count time in steps of up to two seconds, so a file
    /// that was read within the step it was written in may change again and keep its stamp.</summary>
    public bool IsReliable(DateTimeOffset readAt) => Length < 0 || readAt.UtcDateTime - Modified > TimeSpan.FromSeconds(2);
}
