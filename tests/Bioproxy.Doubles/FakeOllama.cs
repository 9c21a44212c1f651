using System.Text.Json.Nodes;

namespace Bioproxy.Doubles;

/// <summary>What an Ollama server answers in its own protocol, in the form of version 0.12; completions of the OpenAI API are those of
/// every fake.</summary>
internal static class FakeOllama
{
    public const string Version = "0.12.6";

    private const string Json = "application/json; charset=utf-8";

    /// <returns>Null for a path that Ollama does not have.</returns>
    public static (int Status, string Type, string Body)? Answer(FakeRequest request, IReadOnlyList<string> models) =>
        (request.Method == "HEAD" ? "GET" : request.Method, request.Path) switch
        {
            ("GET", "/") => (200, "text/plain; charset=utf-8", "Ollama is running"),
            ("GET", "/api/version") => (200, Json, new JsonObject { ["version"] = Version }.ToJsonString()),
            ("GET", "/api/tags") => (200, Json, new JsonObject { ["models"] = new JsonArray([.. models.Select(Tag)]) }.ToJsonString()),
            ("GET", "/v1/models") => (200, Json, List(models)),
            ("POST", "/api/chat" or "/api/generate" or "/api/show") => Of(request, models),
            _ => null,
        };

    private static (int Status, string Type, string Body) Of(FakeRequest request, IReadOnlyList<string> models)
    {
        var model = request.Json["model"]?.ToString() ?? "";
        if (!models.Contains(model) && !models.Contains(model + ":latest"))
            return (404, Json, new JsonObject { ["error"] = $"model '{model}' not found" }.ToJsonString());
        return request.Path == "/api/show"
            ? (200, Json, new JsonObject { ["details"] = new JsonObject { ["family"] = "of ollama itself" } }.ToJsonString())
            : (200, "application/x-ndjson", new JsonObject
            {
                ["model"] = model,
                ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = "an answer of Ollama itself" },
                ["done"] = true,
            }.ToJsonString() + "\n");
    }

    private static JsonNode Tag(string name) => new JsonObject
    {
        ["name"] = name,
        ["model"] = name,
        ["modified_at"] = "2026-01-02T03:04:05.678901234Z",
        ["size"] = 4_920_753_328,
        ["digest"] = "46e0c10c039e019119339687c3c1757cc81b9da49709a3b3924863ba87ca666e",
        ["details"] = new JsonObject
        {
            ["parent_model"] = "",
            ["format"] = "gguf",
            ["family"] = "llama",
            ["families"] = new JsonArray("llama"),
            ["parameter_size"] = "8.0B",
            ["quantization_level"] = "Q4_K_M",
        },
    };

    private static string List(IReadOnlyList<string> models) => new JsonObject
    {
        ["object"] = "list",
        ["data"] = new JsonArray([.. models.Select(name => (JsonNode)new JsonObject
        {
            ["id"] = name,
            ["object"] = "model",
            ["created"] = 1767323045,
            ["owned_by"] = "library",
        })]),
    }.ToJsonString();
}
