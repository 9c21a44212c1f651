using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bioproxy.Doubles;

/// <summary>
/// JSON as llama-server reads and writes it: a byte order mark is skipped, a NUL ends it, the last of two members with the same name
/// counts, and only what must be escaped is.
/// </summary>
internal static class FakeJson
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="JsonException">It is not a JSON object.</exception>
    public static JsonObject Parse(ReadOnlyMemory<byte> bytes)
    {
        var text = bytes[(bytes.Span.StartsWith("\uFEFF"u8) ? 3 : 0)..];
        var end = text.Span.IndexOf((byte)0);
        using var document = JsonDocument.Parse(end < 0 ? text : text[..end], new JsonDocumentOptions { MaxDepth = int.MaxValue });
        try
        {
            return Node(document.RootElement) as JsonObject ?? throw new JsonException("The body is no object.");
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("A string is no valid Unicode.", e);
        }
    }

    public static byte[] Bytes(JsonNode node)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Compact))
            node.WriteTo(writer);
        return buffer.ToArray();
    }

    private static JsonNode? Node(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var result = new JsonObject();
                foreach (var member in element.EnumerateObject())
                    result[member.Name] = Node(member.Value);
                return result;
            case JsonValueKind.Array:
                return new JsonArray([.. element.EnumerateArray().Select(Node)]);
            case JsonValueKind.String:
                return JsonValue.Create(element.GetString());
            case JsonValueKind.Null:
                return null;
            case JsonValueKind.Number when element.TryGetInt32(out var whole):
                return JsonValue.Create(whole);
            case JsonValueKind.Number:
                return JsonValue.Create(element.GetDouble());
            default:
                return JsonValue.Create(element.ValueKind == JsonValueKind.True);
        }
    }
}
