using System.Runtime.InteropServices;
using System.Text.Json;

namespace Bioproxy.Host.Json;

/// <summary>Where the parts of a parsed document stand in its bytes.</summary>
internal static class JsonTokens
{
    /// <summary>The range of a value in the bytes that its document was parsed from.</summary>
    public static JsonRange RangeOf(JsonElement value, ReadOnlySpan<byte> document)
    {
        var raw = JsonMarshal.GetRawUtf8Value(value);
        if (!document.Overlaps(raw, out var start))
            throw new ArgumentException("The value is not of this document.", nameof(value));
        return new JsonRange(start, raw.Length);
    }

    /// <summary>A string's text; null when it holds a lone surrogate, which no text can hold.</summary>
    public static string? TextOf(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
