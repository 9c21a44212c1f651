using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Bioproxy.Host.Json;

/// <summary>Strings to JSON tokens and back.</summary>
internal static class JsonText
{
    /// <summary>A JSON string token with its quotes, escaped no more than JSON asks for.</summary>
    public static byte[] Quote(string text)
    {
        // Most texts need no escape at all.
        if (text.Length <= 256)
        {
            Span<byte> plain = stackalloc byte[3 * 256];
            if (Encoding.UTF8.TryGetBytes(text, plain, out var length)
                && JavaScriptEncoder.UnsafeRelaxedJsonEscaping.FindFirstCharacterToEncodeUtf8(plain[..length]) < 0)
            {
                var quoted = new byte[length + 2];
                quoted[0] = quoted[^1] = (byte)'"';
                plain[..length].CopyTo(quoted.AsSpan(1));
                return quoted;
            }
        }

        var encoded = JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes;
        var token = new byte[encoded.Length + 2];
        token[0] = token[^1] = (byte)'"';
        encoded.CopyTo(token.AsSpan(1));
        return token;
    }

    /// <summary>Unescapes a string token (with quotes) to UTF-8.</summary>
    /// <param name="token">The token.</param>
    /// <param name="destination">At least as long as the token.</param>
    /// <returns>The bytes written; -1 when the token holds a lone surrogate, which has no UTF-8.</returns>
    public static int Unescape(ReadOnlySpan<byte> token, Span<byte> destination)
    {
        var inner = token[1..^1];
        if (inner.IndexOf((byte)'\\') < 0)
        {
            inner.CopyTo(destination);
            return inner.Length;
        }

        var reader = new Utf8JsonReader(token);
        reader.Read();
        try
        {
            return reader.CopyString(destination);
        }
        catch (InvalidOperationException)
        {
            return -1;
        }
    }

    /// <summary>Small numbers as JSON.</summary>
    public static byte[] Number(int value)
    {
        Span<byte> digits = stackalloc byte[11];
        Utf8Formatter.TryFormat(value, digits, out var written);
        return digits[..written].ToArray();
    }

    public static string? StringOrNull(ReadOnlySpan<byte> token)
    {
        if (token.Length < 2 || token[0] != '"')
            return null;
        var buffer = new byte[token.Length];
        var written = Unescape(token, buffer);
        return written < 0 ? null : Encoding.UTF8.GetString(buffer, 0, written);
    }
}
