using System.Security.Cryptography;
using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Templates;

/// <summary>Reads a template's files as text, and enforces which files may be read.</summary>
internal sealed class TemplateFileReader(IReadOnlyList<string> roots)
{
    public const int MaxFileBytes = 16 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether the file, with all symbolic links resolved, lies in a root. Roots are resolved each time, because links may change.
    /// </summary>
    public bool IsAllowed(string path)
    {
        var real = RealPath.Of(path);
        return roots.Any(root => RealPath.IsWithin(real, RealPath.Of(root)));
    }

    /// <exception cref="TemplateException">The file lies outside the roots, cannot be read or is not text.</exception>
    public TemplateFile Read(string path)
    {
        try
        {
            if (!IsAllowed(path))
            {
                throw new TemplateException(
                    $"{path} lies outside the template roots ({string.Join(", ", roots)}): "
                    + "add its folder to 'template_roots' in the configuration, or move the file.");
            }

            // Taken before the content is read, so that a change in between shows as a changed stamp.
            var stamp = FileStamp.Of(path);
            var bytes = ReadBytes(path);
            return new TemplateFile(path, stamp, Convert.ToHexStringLower(SHA256.HashData(bytes)), Decode(path, bytes));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TemplateException($"{path} does not exist: create it, or correct its path in the configuration.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var problem = Directory.Exists(path) ? "is a folder, not a file." : $"cannot be read: {e.Message}";
            throw new TemplateException($"{path} {problem}", e);
        }
    }

    private static byte[] ReadBytes(string path)
    {
        using var file = File.OpenHandle(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        var length = RandomAccess.GetLength(file);
        if (length > MaxFileBytes)
            throw new TemplateException($"{path} has {length} bytes; the limit for a template file is {MaxFileBytes}.");
        var bytes = new byte[length];
        var read = 0;
        while (read < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(read), read) is > 0 and var count)
            read += count;
        return read == bytes.Length ? bytes : bytes[..read];
    }

    private static string Decode(string path, byte[] bytes)
    {
        ReadOnlySpan<byte> text = bytes;
        if (text.StartsWith("\uFEFF"u8))
            text = text[3..];
        try
        {
            return StrictUtf8.GetString(text);
        }
        catch (DecoderFallbackException e)
        {
            var line = text[..Math.Clamp(e.Index, 0, text.Length)].Count((byte)'\n') + 1;
            throw new TemplateException($"{path} is not UTF-8 (line {line}): save it as UTF-8.", e);
        }
    }
}
