using System.Collections.Frozen;
using Bioproxy.Abstractions;
using Bioproxy.Host.Protocols.Ollama;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Requests;

/// <summary>The paths of llama-server that matter here; every other path passes untouched under the name <c>other</c>.</summary>
internal static class Routes
{
    private static readonly Route Other = new("other", false, null, false);
    private static readonly Route Heartbeat = new("health", false, null, false, Ollama: OllamaCall.Heartbeat);
    private static readonly Route Managing = new("models", false, null, false, Ollama: OllamaCall.Manage);

    private static readonly FrozenDictionary<string, Route> Posts = new Dictionary<string, Route>(StringComparer.Ordinal)
    {
        ["/v1/chat/completions"] = new("chat_completions", true, PromptEndpoint.Chat, true, ShowsProgress: true),
        ["/chat/completions"] = new("chat_completions", true, PromptEndpoint.Chat, true, ShowsProgress: true),
        ["/api/chat"] = new("chat_completions", true, PromptEndpoint.Chat, true, ShowsProgress: true, Ollama: OllamaCall.Chat),
        ["/api/generate"] = new("completions", true, PromptEndpoint.Completion, false, Ollama: OllamaCall.Generate),
        ["/api/embed"] = new("embeddings", true, null, false, Ollama: OllamaCall.Embed),
        ["/api/embeddings"] = new("embeddings", true, null, false, Ollama: OllamaCall.Embeddings),
        ["/api/show"] = new("models", false, null, false, Ollama: OllamaCall.Show),
        ["/api/pull"] = Managing,
        ["/api/push"] = Managing,
        ["/api/create"] = Managing,
        ["/api/copy"] = Managing,
        ["/v1/completions"] = new("completions", true, PromptEndpoint.Completion, true, ShowsProgress: true),
        ["/completions"] = new("completion", true, PromptEndpoint.Completion, true, ShowsProgress: true),
        ["/completion"] = new("completion", true, PromptEndpoint.Completion, true, ShowsProgress: true),
        ["/v1/responses"] = new("responses", true, PromptEndpoint.Responses, true),
        ["/responses"] = new("responses", true, PromptEndpoint.Responses, true),
        ["/v1/messages"] = new("messages", true, PromptEndpoint.Messages, false), // ignores id_slot
        ["/infill"] = new("infill", true, null, false),
        ["/embedding"] = new("embeddings", true, null, false),
        ["/embeddings"] = new("embeddings", true, null, false),
        ["/v1/embeddings"] = new("embeddings", true, null, false),
        ["/rerank"] = new("rerank", true, null, false),
        ["/reranking"] = new("rerank", true, null, false),
        ["/v1/rerank"] = new("rerank", true, null, false),
        ["/v1/reranking"] = new("rerank", true, null, false),
        ["/tokenize"] = new("tokenize", false, null, false),
        ["/detokenize"] = new("tokenize", false, null, false),
        ["/apply-template"] = new("apply_template", false, null, false),
        ["/lora-adapters"] = new("lora_adapters", false, null, false, TouchesState: true, ChangesModel: true),
        ["/props"] = new("props", false, null, false, TouchesState: true),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, Route> Gets = new Dictionary<string, Route>(StringComparer.Ordinal)
    {
        ["/health"] = new("health", false, null, false),
        ["/v1/health"] = new("health", false, null, false),
        ["/models"] = new("models", false, null, false),
        ["/v1/models"] = new("models", false, null, false),
        ["/api/tags"] = new("models", false, null, false, Ollama: OllamaCall.Tags),
        ["/api/ps"] = new("models", false, null, false, Ollama: OllamaCall.Running),
        ["/api/version"] = new("version", false, null, false, Ollama: OllamaCall.Version),
        ["/props"] = new("props", false, null, false),
        ["/slots"] = new("slots", false, null, false),
        ["/lora-adapters"] = new("lora_adapters", false, null, false),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly Route SlotAction = new("slots", false, null, false, TouchesState: true);

    public static Route Of(HttpRequest request) => Of(request.Method, request.Path.Value ?? string.Empty);

    public static Route Of(string method, string path)
    {
        if (HttpMethods.IsPost(method))
            return Posts.TryGetValue(path, out var post) ? post : path.StartsWith("/slots/", StringComparison.Ordinal) ? SlotAction : Other;
        if (HttpMethods.IsHead(method) && path == "/")
            return Heartbeat; // GET is llama-server's page
        if (HttpMethods.IsDelete(method) && path == "/api/delete")
            return Managing;
        return HttpMethods.IsGet(method) && Gets.TryGetValue(path, out var get) ? get : Other;
    }
}
