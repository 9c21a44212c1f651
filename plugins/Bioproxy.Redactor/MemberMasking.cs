using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Bioproxy.Redactor;

/// <summary>Masks the strings within a JSON value, such as <c>tools</c> or the arguments of a call; all other bytes stay.</summary>
/// <remarks>
/// Names of members stay, and so do the values of <c>name</c> and <c>type</c> of a tool or a block: the protocol depends on them.
/// </remarks>
internal static class MemberMasking
{
    // A list's element has depth 1, its members 2; OpenAI's {"type":"function","function":{"name":…}} has its name one deeper.
    private const int ProtocolDepth = 3;

    private static readonly JsonReaderOptions Deep = new() { MaxDepth = int.MaxValue };

    /// <summary>Masks a value.</summary>
    /// <param name="value">JSON in UTF-8.</param>
    /// <param name="masking">Masks each string.</param>
    /// <param name="secrets">Whether secrets are masked, or only what looks like a placeholder.</param>
    /// <param name="isProtocol">Whether the value belongs to the protocol, and not to a tool.</param>
    /// <returns>The masked value; null when nothing was found.</returns>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static ReadOnlyMemory<byte>? Mask(ReadOnlySpan<byte> value, Masking masking, bool secrets, bool isProtocol = true)
    {
        ArrayBufferWriter<byte>? result = null;
        var copied = 0;
        var isName = false;
        var reader = new Utf8JsonReader(value, Deep);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.String && !isName && Masked(ref reader, masking, secrets) is { } masked)
            {
                result ??= new ArrayBufferWriter<byte>(value.Length + 64);
                result.Write(value[copied..(int)reader.TokenStartIndex]);
                Quote(masked, result);
                copied = (int)reader.BytesConsumed;
            }

            isName = isProtocol && reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth <= ProtocolDepth
                && (reader.ValueTextEquals("name"u8) || reader.ValueTextEquals("type"u8));
        }

        result?.Write(value[copied..]);
        return result?.WrittenMemory;
    }

    private static string? Masked(ref Utf8JsonReader reader, Masking masking, bool secrets)
    {
        if (StringValue.Of(ref reader) is not { } text)
            return null;
        var masked = masking.Mask(text, secrets);
        return ReferenceEquals(masked, text) ? null : masked;
    }

    private static void Quote(string text, ArrayBufferWriter<byte> result)
    {
        result.Write("\""u8);
        result.Write(JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
        result.Write("\""u8);
    }
}
