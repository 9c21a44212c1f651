using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>Reading and writing JSON so that values are copied byte for byte: numbers keep their digits, texts their escapes.</summary>
internal static class OllamaJson
{
    public static JsonWriterOptions Relaxed { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Messages may be as deep as the backend reads them.</summary>
    public static JsonDocumentOptions Deep { get; } = new() { MaxDepth = int.MaxValue };

    /// <summary>A member that is there and not null.</summary>
    public static JsonElement? Member(this JsonElement element, string name) =>
        element.MemberOrNull(name) is { ValueKind: not JsonValueKind.Null } value ? value : null;

    /// <summary>A member that is a text.</summary>
    public static JsonElement? TextMember(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.String } text ? text : null;

    /// <summary>The member is a text, and not an empty one.</summary>
    public static bool HasText(this JsonElement element, string name) => element.TextMember(name) is { } text && !text.ValueEquals("");

    /// <summary>The bytes of a value; a text's include its quotes.</summary>
    public static ReadOnlySpan<byte> Raw(this JsonElement value) => JsonMarshal.GetRawUtf8Value(value);

    /// <summary>Copies a value byte for byte.</summary>
    public static void Copy(this Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue(value.Raw(), skipInputValidation: true);
    }

    /// <summary>Writes a document that is an object.</summary>
    public static ReadOnlyMemory<byte> Object(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
