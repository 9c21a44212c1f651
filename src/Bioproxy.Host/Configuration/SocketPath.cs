using System.Text;

namespace Bioproxy.Host.Configuration;

/// <summary><c>unix:/run/llama.sock</c>: a socket in the file system.</summary>
internal static class SocketPath
{
    public const string Scheme = "unix";

    public const string Prefix = "unix:";

    /// <summary>Bytes that a path may have on every system (<c>sun_path</c>, with its end).</summary>
    private const int LongestPath = 103;

    /// <summary>The path of the socket; null when it is another address.</summary>
    public static string? Of(Uri url) => url.Scheme == Scheme ? Uri.UnescapeDataString(url.AbsolutePath) : null;

    /// <summary>The path of the socket; null for the name of a host.</summary>
    public static string? Of(string text) => text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..] : null;

    /// <summary>Whether a socket can have this path.</summary>
    public static bool IsValid(string? path) =>
        path is ['/', _, ..] && Encoding.UTF8.GetByteCount(path) <= LongestPath && !path.Contains('\0', StringComparison.Ordinal);
}
