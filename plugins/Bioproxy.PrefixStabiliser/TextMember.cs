using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Bioproxy.PrefixStabiliser;

/// <summary>
/// Edits the texts of a member such as <c>system</c>: a string, or an array of blocks with a <c>text</c>. All other bytes stay.
/// </summary>
internal static class TextMember
{
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = int.MaxValue };

    /// <summary>Edits a value.</summary>
    /// <param name="value">JSON in UTF-8.</param>
    /// <param name="edit">Edits one text; gives back the same string to change nothing.</param>
    /// <returns>The edited value; null when nothing changed.</returns>
    public static ReadOnlyMemory<byte>? Edit(ReadOnlySpan<byte> value, Func<string, string> edit)
    {
        ArrayBufferWriter<byte>? result = null;
        var copied = 0;
        var isText = true; // a value that is a string is the text itself
        var reader = new Utf8JsonReader(value, Deep);
        while (reader.Read())
        {
            if (isText && reader.TokenType == JsonTokenType.String && Edited(ref reader, edit) is { } edited)
            {
                result ??= new ArrayBufferWriter<byte>(value.Length);
                result.Write(value[copied..(int)reader.TokenStartIndex]);
                result.Write("\""u8);
                result.Write(JsonEncodedText.Encode(edited, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
                result.Write("\""u8);
                copied = (int)reader.BytesConsumed;
            }

            isText = reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 2 && reader.ValueTextEquals("text"u8);
        }

        result?.Write(value[copied..]);
        return result?.WrittenMemory;
    }

    private static string? Edited(ref Utf8JsonReader reader, Func<string, string> edit)
    {
        string text;
        try
        {
            text = reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return null; // a lone surrogate, which a string cannot preserve
        }

        var edited = edit(text);
        return ReferenceEquals(edited, text) ? null : edited;
    }
}
