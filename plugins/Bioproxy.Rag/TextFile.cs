using System.Text;

namespace Bioproxy.Rag;

/// <summary>Reads a file as text.</summary>
internal static class TextFile
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The text without a byte order mark; or null, and why it cannot be used.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">The most it may have.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    public static (string? Text, string? Problem) Read(string path, long maxBytes)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete,
            FileOptions.SequentialScan);
        var length = RandomAccess.GetLength(file);
        if (length > maxBytes)
            return (null, $"{path} has {length} bytes and is not searched: max_file_bytes is {maxBytes}.");
        var bytes = new byte[length];
        var read = 0;
        while (read < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(read), read) is > 0 and var count)
            read += count;
        return Decode(path, bytes.AsSpan(0, read));
    }

    private static (string? Text, string? Problem) Decode(string path, ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith("\uFEFF"u8))
            bytes = bytes[3..];
        try
        {
            if (!bytes.Contains((byte)0))
                return (StrictUtf8.GetString(bytes), null);
        }
        catch (DecoderFallbackException)
        {
            // reported below
        }

        return (null, $"{path} is no text in UTF-8 and is not searched.");
    }
}
