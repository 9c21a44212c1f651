using System.Collections.Frozen;
using Bioproxy.Abstractions;
using Bioproxy.Host.Http;
using Bioproxy.Host.Prompts;
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
        ["/v1/messages/count_tokens"] = new("count_tokens", false, PromptEndpoint.Messages, false),
        ["/v1/chat/completions/input_tokens"] = new("count_tokens", false, PromptEndpoint.Chat, false),
        ["/chat/completions/input_tokens"] = new("count_tokens", false, PromptEndpoint.Chat, false),
        ["/v1/responses/input_tokens"] = new("count_tokens", false, PromptEndpoint.Responses, false),
        ["/responses/input_tokens"] = new("count_tokens", false, PromptEndpoint.Responses, false),
        ["/infill"] = new("infill", true, PromptEndpoint.Completion, false, Form: PromptForm.Infill),
        ["/v1/audio/transcriptions"] = new("transcriptions", true, null, false),
        ["/audio/transcriptions"] = new("transcriptions", true, null, false),
        ["/embedding"] = new("embeddings", true, null, false),
        ["/embeddings"] = new("embeddings", true, null, false),
        ["/v1/embeddings"] = new("embeddings", true, null, false),
        ["/rerank"] = new("rerank", true, null, false),
        ["/reranking"] = new("rerank", true, null, false),
        ["/v1/rerank"] = new("rerank", true, null, false),
        ["/v1/reranking"] = new("rerank", true, null, false),
        ["/tokenize"] = new("tokenize", false, PromptEndpoint.Completion, false, Form: PromptForm.Content),
        ["/detokenize"] = new("tokenize", false, null, false),
        ["/apply-template"] = new("apply_template", false, PromptEndpoint.Chat, false),
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

    /// <summary>The routes with a prompt, or of a slot, that a server may serve under a prefix of its own, the longest first.</summary>
    private static readonly (string Path, Route Route)[] UnderPrefix =
    [
        .. Posts.Where(static post => post.Value.IsGated || post.Value.Prompt is not null)
            .OrderByDescending(static post => post.Key.Length)
            .Select(static post => (post.Key, post.Value with { CanPin = false, ShowsProgress = false, Ollama = null })),
    ];

    public static Route Of(HttpRequest request)
    {
        var known = Of(request.Method, request.Path.Value ?? string.Empty);
        return ReferenceEquals(known, Other) ? Of(request.Method, TargetPath.Of(RequestHead.Of(request).Target)) : known;
    }

    /// <summary>
    /// Whether any key may use it: it is a path that the proxy knows, and neither shows nor changes what all clients share. What a server
    /// makes of another path is not known (<c>/upstream/…</c> of llama-swap is any model); and no path may be one for the proxy and another
    /// for the server.
    /// </summary>
    public static bool IsForEveryKey(HttpRequest request)
    {
        var path = request.Path.Value ?? string.Empty;
        var route = HttpMethods.IsPost(request.Method) ? Posts.GetValueOrDefault(path)
            : HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) ? Gets.GetValueOrDefault(path) ?? HeartbeatAt(path)
            : null;
        return route is { TouchesState: false, Name: not "slots", Ollama: not OllamaCall.Manage }
            && TargetPath.Of(RequestHead.Of(request).Target) == path;

        Route? HeartbeatAt(string where) => HttpMethods.IsHead(request.Method) && where == "/" ? Heartbeat : null;
    }

    public static Route Of(string method, string path)
    {
        if (HttpMethods.IsPost(method))
            return Posts.TryGetValue(path, out var post) ? post
                : path.StartsWith("/slots/", StringComparison.Ordinal) ? SlotAction
                : Similar(path) ?? Other;
        if (HttpMethods.IsHead(method) && path == "/")
            return Heartbeat; // GET is llama-server's page
        if (HttpMethods.IsDelete(method) && path == "/api/delete")
            return Managing;
        return HttpMethods.IsGet(method) && Gets.TryGetValue(path, out var get) ? get : Other;
    }

    /// <summary>A path that may reach a known one on its way: under a prefix (<c>--api-prefix</c>, llama-swap's <c>/upstream/…</c>), in
    /// capitals, or with a slash too many. What has a prompt is never passed on unseen.</summary>
    private static Route? Similar(string path)
    {
        var plain = path.TrimEnd('/');
        foreach (var (known, route) in UnderPrefix)
        {
            if (plain.EndsWith(known, StringComparison.OrdinalIgnoreCase))
                return route;
        }

        return null;
    }
}
