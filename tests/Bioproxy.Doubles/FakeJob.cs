using System.Text.Json.Nodes;

namespace Bioproxy.Doubles;

/// <summary>What a request for a completion asks for.</summary>
internal sealed record FakeJob
{
    public required FakeShape Shape { get; init; }

    public required IReadOnlyList<int> Prompt { get; init; }

    public int? Pin { get; init; }

    public bool UseCache { get; init; } = true;

    /// <summary>Tokens to generate; negative for the fake's default.</summary>
    public int Limit { get; init; } = -1;

    public bool IsStream { get; init; }

    public bool WithProgress { get; init; }

    public bool WithUsage { get; init; }

    public int Probabilities { get; init; }

    /// <summary>Number of requested answers, each of which needs a slot.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>Reads a body; null when it is not what the endpoint needs.</summary>
    public static FakeJob? Read(FakeShape shape, JsonObject body, JsonNode? prompt)
    {
        var tokens = shape switch
        {
            FakeShape.Native or FakeShape.Text when prompt is JsonValue => FakeTokens.Of(prompt.ToString()),
            FakeShape.Native or FakeShape.Text when prompt is JsonArray array =>
                [.. array.SelectMany(e => e!.GetValueKind() == System.Text.Json.JsonValueKind.Number ? [(int)e] : FakeTokens.Of(
                    e.ToString(), addSpecial: false))],
            FakeShape.Native or FakeShape.Text => null,
            FakeShape.Responses when body["input"] is null => null,
            FakeShape.Chat or FakeShape.Messages when body["messages"] is not JsonArray => null,
            _ => FakeTokens.Of(FakeTokens.Render(body)),
        };
        return tokens is null ? null : new FakeJob
        {
            Shape = shape,
            Prompt = tokens,
            Pin = shape == FakeShape.Messages ? null : Number(body, "id_slot"), // measured: ignored by /v1/messages
            UseCache = Flag(body["cache_prompt"]) ?? true,
            Limit = Number(body, "n_predict") ?? Number(body, "max_tokens") ?? Number(body, "max_output_tokens")
                ?? Number(body, "max_completion_tokens") ?? -1,
            IsStream = Flag(body["stream"]) ?? false,
            WithProgress = Flag(body["return_progress"]) ?? false,
            WithUsage = Flag((body["stream_options"] as JsonObject)?["include_usage"]) ?? false,
            Probabilities = Number(body, "n_probs") ?? Number(body, "top_logprobs") ?? 0,
            Choices = Math.Max(1, Number(body, "n") ?? Number(body, "n_cmpl") ?? 1),
        };
    }

    private static bool? Flag(JsonNode? node) => node is JsonValue value && value.TryGetValue(out bool flag) ? flag : null;

    private static int? Number(JsonObject body, string name) => body[name] switch
    {
        JsonValue value when value.TryGetValue(out int whole) => whole,
        JsonValue value when value.TryGetValue(out double number) => (int)number, // measured: 2.0 is 2
        _ => null,
    };
}
