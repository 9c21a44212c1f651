using System.Text;
using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>Collects the tool calls of an answer: a stream brings them in pieces, an Ollama client gets them whole.</summary>
internal sealed class OllamaToolCalls
{
    private readonly SortedDictionary<int, Call> _calls = [];

    public int Count => _calls.Count;

    /// <summary>Adds pieces of a stream, or the calls of a whole answer.</summary>
    public void Add(JsonElement calls)
    {
        var position = 0;
        foreach (var piece in calls.EnumerateArray())
        {
            var index = piece.ValueKind == JsonValueKind.Object && piece.Number("index") is { } given ? given : position;
            position = index + 1;
            if (!_calls.TryGetValue(index, out var call))
                _calls[index] = call = new Call();
            call.Id ??= Text(piece, "id");
            if (piece.Member("function") is not { } function)
                continue;
            call.Name.Append(Text(function, "name"));
            call.Arguments.Append(Text(function, "arguments"));
        }
    }

    /// <summary>Writes them as the member <c>tool_calls</c> of a message.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("tool_calls");
        foreach (var (index, call) in _calls)
        {
            writer.WriteStartObject();
            if (call.Id is { Length: > 0 } id)
                writer.WriteString("id", id);
            writer.WriteStartObject("function");
            writer.WriteNumber("index", index);
            writer.WriteString("name", call.Name.ToString());
            writer.WritePropertyName("arguments");
            WriteArguments(writer, call.Arguments.ToString());
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>Clients expect an object. Arguments that were cut off by the token limit cannot become one; the answer's
    /// <c>done_reason</c> says why they are missing.</summary>
    private static void WriteArguments(Utf8JsonWriter writer, string arguments)
    {
        try
        {
            using var document = JsonDocument.Parse(arguments.Length == 0 ? "{}" : arguments, OllamaJson.Deep);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                writer.WriteRawValue(document.RootElement.Raw(), skipInputValidation: true);
                return;
            }
        }
        catch (JsonException)
        {
            // cut off
        }

        writer.WriteRawValue("{}"u8, skipInputValidation: true);
    }

    private static string? Text(JsonElement element, string name) => element.TextMember(name) is { } text ? JsonTokens.TextOf(text) : null;

    private sealed class Call
    {
        public string? Id { get; set; }

        public StringBuilder Name { get; } = new();

        public StringBuilder Arguments { get; } = new();
    }
}
