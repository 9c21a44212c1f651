using System.Text.Json;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests.Clients;

/// <summary>One request of a client's recorded sessions.</summary>
/// <param name="Path">The path.</param>
/// <param name="Headers">The headers that say who it is.</param>
/// <param name="Body">The body.</param>
/// <param name="Note">Which session and turn it is, and what was restarted before it.</param>
internal sealed record RecordedRequest(string Path, IReadOnlyDictionary<string, string> Headers, JsonObject Body, string Note)
{
    private const int LongestText = 600;
    private const int MostTools = 3;
    private static readonly string[] Texts = ["text", "content", "description", "instructions", "system", "output"];

    public bool RestartsServer => Note.Contains("llama-server restart", StringComparison.Ordinal) || RestartsAll;

    public bool RestartsProxy => Note.Contains("Bioproxy restart", StringComparison.Ordinal) || RestartsAll;

    private bool RestartsAll => Note.Contains("restart of everything", StringComparison.Ordinal);

    /// <summary>The body with an answer so short that it does not matter.</summary>
    public JsonObject Shortened()
    {
        var body = (JsonObject)Body.DeepClone();
        body.Remove("max_completion_tokens"); // llama-server prefers it
        body[Path == "/v1/responses" ? "max_output_tokens" : "max_tokens"] = 2;
        body["temperature"] = 0;
        if (Path == "/v1/chat/completions") // random words would be no valid call of a tool
            body["logit_bias"] = new JsonArray(new JsonArray(TinyVocabulary.TurnEnd, 1000));
        return body;
    }

    /// <summary>The endpoint.</summary>
    public PromptEndpoint Endpoint => Path switch
    {
        "/v1/messages" => PromptEndpoint.Messages,
        "/v1/responses" => PromptEndpoint.Responses,
        _ => PromptEndpoint.Chat,
    };

    /// <summary>The request with texts and lists of tools so short that a tiny model holds it; its shape stays.</summary>
    public RecordedRequest Cut()
    {
        var body = (JsonObject)Body.DeepClone();
        Cut(body);
        return this with { Body = body };
    }

    /// <summary>Reads a recording: one request a line.</summary>
    public static IReadOnlyList<RecordedRequest> Read(string file) =>
    [
        .. File.ReadLines(file).Select(line => JsonNode.Parse(line)!.AsObject()).Select(line => new RecordedRequest(
            (string)line["path"]!,
            line["headers"]!.AsObject().ToDictionary(header => header.Key, header => (string)header.Value!, StringComparer.Ordinal),
            (JsonObject)line["body"]!.DeepClone(),
            (string)line["note"]!)),
    ];

    private static void Cut(JsonNode? node)
    {
        if (node is JsonArray array)
        {
            foreach (var element in array)
                Cut(element);
            return;
        }

        if (node is not JsonObject members)
            return;
        if (members["tools"] is JsonArray { Count: > MostTools } tools)
            members["tools"] = new JsonArray([.. tools.Take(MostTools).Select(static tool => tool!.DeepClone())]);
        foreach (var (name, value) in members.ToList())
        {
            if (Array.IndexOf(Texts, name) >= 0 && value is JsonValue && value.GetValueKind() == JsonValueKind.String
                && (string)value! is { Length: > LongestText } text)
                members[name] = text[..(char.IsHighSurrogate(text[LongestText - 1]) ? LongestText - 1 : LongestText)];
            else
                Cut(value);
        }
    }
}
