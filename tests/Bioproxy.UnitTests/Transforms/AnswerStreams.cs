using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bioproxy.UnitTests.Transforms;

/// <summary>Streams in the shapes of the endpoints, as short as they can be, and what a client reads in them.</summary>
internal static class AnswerStreams
{
    /// <summary>By endpoint: the stream of these pieces. Where an endpoint has several texts, each consists of the same pieces.</summary>
    public static IReadOnlyDictionary<string, Func<IReadOnlyList<string>, string>> Shapes { get; } =
        new Dictionary<string, Func<IReadOnlyList<string>, string>>
        {
            ["chat"] = Chat,
            ["completions"] = pieces =>
                string.Concat(pieces.Select(piece => Data($$"""{"choices":[{"text":{{Q(piece)}},"index":0,"finish_reason":null}]}""")))
                + Data("""{"choices":[{"text":"","index":0,"finish_reason":"stop"}],"usage":{"n":12345678901234567890}}""")
                + "data: [DONE]\n\n",
            ["native"] = pieces =>
                string.Concat(pieces.Select(piece => Data($$"""{"index":0,"content":{{Q(piece)}},"tokens":[1],"stop":false}""")))
                + Data("""{"index":0,"content":"","tokens":[],"stop":true,"prompt":"[NAME_1]"}"""),
            ["responses"] = Responses,
            ["messages"] = Messages,
        };

    /// <summary>The texts of a stream: the pieces of each one joined, the repetitions beside them.</summary>
    public static SortedDictionary<string, string> Read(ReadOnlySpan<byte> stream)
    {
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, text) in Events(Encoding.UTF8.GetString(stream)).SelectMany(TextsOf))
            texts[name] = texts.GetValueOrDefault(name) + text;
        return texts;
    }

    /// <summary>The events' data, in their order.</summary>
    public static List<string> Events(string stream) =>
        [
            .. stream.ReplaceLineEndings("\n").Split("\n\n")
                .SelectMany(one => one.Split('\n'))
                .Where(line => line.StartsWith("data: ", StringComparison.Ordinal))
                .Select(line => line[6..]),
        ];

    public static IEnumerable<(string Name, string Text)> TextsOf(string data)
    {
        if (data == "[DONE]" || JsonNode.Parse(data) is not JsonObject root)
            yield break;
        foreach (var choice in root["choices"]?.AsArray() ?? [])
        {
            var index = choice!["index"];
            foreach (var member in (string[])["reasoning_content", "content"])
            {
                if (choice["delta"]?[member] is JsonValue piece)
                    yield return ($"{member} {index}", piece.GetValue<string>());
            }

            foreach (var call in choice["delta"]?["tool_calls"]?.AsArray() ?? [])
                yield return ($"arguments {index} {call!["index"]}", call["function"]!["arguments"]!.GetValue<string>());
            if (choice["text"] is { } text)
                yield return ($"text {index}", text.GetValue<string>());
        }

        if (root["content"] is JsonValue content)
            yield return ("content", content.GetValue<string>());
        var type = root["type"]?.GetValue<string>() ?? "";
        if (type.EndsWith(".delta", StringComparison.Ordinal))
            yield return (type, root["delta"]!.GetValue<string>());
        foreach (var member in (string[])["text", "arguments"])
        {
            if (type.EndsWith(".done", StringComparison.Ordinal) && root[member] is { } copy)
                yield return (type, copy.GetValue<string>());
        }

        foreach (var item in (JsonNode?[])[root["item"], .. root["response"]?["output"]?.AsArray() ?? []])
        {
            foreach (var part in item?["content"]?.AsArray() ?? [])
                yield return ($"{type} {item!["type"]}", part!["text"]!.GetValue<string>());
            if (item?["arguments"] is { } arguments)
                yield return ($"{type} {item["type"]}", arguments.GetValue<string>());
        }

        if (root["part"]?["text"] is { } partText)
            yield return (type, partText.GetValue<string>());
        foreach (var member in (string[])["text", "thinking", "partial_json"])
        {
            if (type == "content_block_delta" && root["delta"]?[member] is { } piece)
                yield return ($"{member} {root["index"]}", piece.GetValue<string>());
        }
    }

    public static string Data(string json) => $"data: {json}\n\n";

    /// <summary>A chunk of a chat.</summary>
    public static string Chunk(string delta, string finish = "null", int index = 0) =>
        Data($$"""{"choices":[{"finish_reason":{{finish}},"index":{{index}},"delta":{{delta}}}],"id":"c"}""");

    public static string Q(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static string Chat(IReadOnlyList<string> pieces) =>
        Chunk("""{"role":"assistant","content":null}""")
        + string.Concat(pieces.Select(piece => Chunk($$"""{"reasoning_content":{{Q(piece)}}}""")))
        + ": a comment\n\n"
        + string.Concat(pieces.Select(piece => Chunk($$"""{"content":{{Q(piece)}}}""")))
        + Chunk("""{"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":""}}]}""")
        + string.Concat(pieces.Select(piece => Chunk($$"""{"tool_calls":[{"index":0,"function":{"arguments":{{Q(piece)}} } }]}""")))
        + Chunk("{}", "\"stop\"")
        + Data("""{"choices":[],"usage":{"n":12345678901234567890}}""")
        + "data: [DONE]\n\n";

    private static string Responses(IReadOnlyList<string> pieces)
    {
        var all = Q(string.Concat(pieces));
        var message = $$"""{"type":"message","content":[{"type":"output_text","text":{{all}}}]}""";
        var reasoning = $$"""{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":{{all}}}]}""";
        var call = $$"""{"type":"function_call","name":"f","arguments":{{all}}}""";
        return Event("response.created", """ "response":{"status":"in_progress"} """)
            + string.Concat(pieces.Select(piece => Event("response.reasoning_text.delta", $"\"delta\":{Q(piece)}")))
            + Event("response.output_item.done", $"\"item\":{reasoning}")
            + Event("response.content_part.added", """ "part":{"type":"output_text","text":""} """)
            + string.Concat(pieces.Select(piece => Event("response.output_text.delta", $"\"delta\":{Q(piece)}")))
            + Event("response.output_text.done", $"\"text\":{all}")
            + Event("response.content_part.done", $$""" "part":{"type":"output_text","text":{{all}}}""")
            + Event("response.output_item.done", $"\"item\":{message}")
            + string.Concat(pieces.Select(piece => Event("response.function_call_arguments.delta", $"\"delta\":{Q(piece)}")))
            + Event("response.function_call_arguments.done", $"\"arguments\":{all}")
            + Event("response.output_item.done", $"\"item\":{call}")
            + Event("response.completed", $$""" "response":{"output":[{{reasoning}},{{message}},{{call}}]}""");
    }

    private static string Messages(IReadOnlyList<string> pieces)
    {
        return Event("message_start", """ "message":{"content":[]} """)
            + Block(0, "thinking_delta", "thinking")
            + Block(1, "text_delta", "text")
            + Block(2, "input_json_delta", "partial_json")
            + Event("message_delta", """ "delta":{"stop_reason":"end_turn"} """)
            + Event("message_stop", "\"x\":1");

        string Block(int index, string type, string member) =>
            Event("content_block_start", $$""" "index":{{index}},"content_block":{"type":"text","text":""}""")
            + string.Concat(pieces.Select(
                piece => Event("content_block_delta", $$""" "index":{{index}},"delta":{"type":"{{type}}","{{member}}":{{Q(piece)}}}""")))
            + Event("content_block_stop", $"\"index\":{index}");
    }

    private static string Event(string type, string members) => $"event: {type}\n" + Data($$"""{"type":"{{type}}",{{members}}}""");
}
