using System.Security.Cryptography;
using System.Text;
using Bioproxy.Host.Json;
using Bioproxy.Host.Prompts;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Requests;

/// <summary>
/// Which conversation a request belongs to, as a hash that is scoped by the API key: two keys never share a conversation, and no id of a
/// client is kept.
/// <para>
/// A key <em>never decides what is reused</em>; only equal text within one domain does. A key that the client gave (<see cref="Of"/>)
/// decides where a conversation goes: which slot it may overwrite for nothing, because the client itself edits or compacts it, which place
/// it returns to, and which requests are beside it (<see cref="SideRequest"/>). A key derived from the text (<see cref="Derived"/>) serves
/// where a mistake costs nothing: in explanations and the miss report. Two conversations that begin alike have the same derived key, and
/// overwriting one for the other, or taking one for a side request of the other, would cost the first its state.
/// </para>
/// </summary>
internal static class ConversationKey
{
    /// <summary>Longer texts are not ids.</summary>
    public const int MaxLength = 256;

    private const string ClaudeSession = "X-Claude-Code-Session-Id";

    /// <summary>By OpenAI's rules a name for requests that begin alike: many clients send one for each conversation, some one for
    /// all.</summary>
    public const string CacheKey = "prompt_cache_key";

    /// <summary>The source of a <see cref="Derived"/> key.</summary>
    public const string FirstMessages = "first messages";

    private const string ClaudeAgent = "X-Claude-Code-Agent-Id";

    /// <summary>In the order in which they count. Codex' thread comes before its session: its sub-agents have threads of their
    /// own.</summary>
    private static readonly string[] Names =
    [
        "X-Bioproxy-Conversation", ClaudeSession, "thread-id", "thread_id", "conversation_id", "conversation-id", "session_id",
        "session-id",
        "x-opencode-session", "x-session-affinity", "X-OpenWebUI-Chat-Id", "X-Session-Id", "X-Conversation-Id", "X-Thread-Id", "X-Chat-Id",
        "X-Task-Id", "x-litellm-session-id",
    ];

    /// <summary>Headers that only the requests of sub-agents carry: Claude Code's, Codex', opencode's.</summary>
    private static readonly string[] SubAgentNames =
    [
        ClaudeAgent, "X-Claude-Code-Parent-Agent-Id", "x-openai-subagent", "x-openai-memgen-request", "x-codex-parent-thread-id",
        "x-parent-session-id",
    ];

    private static readonly string[] MetadataNames = ["session_id", "sessionId", "conversation_id", "thread_id", "chat_id"];

    /// <summary>The conversation that the client names, and the header or member in which it does; nulls when it names none.</summary>
    /// <param name="headers">The client's headers.</param>
    /// <param name="prompt">The body; null when it is not one with a prompt.</param>
    /// <param name="scope">What tells callers apart.</param>
    public static (string? Key, string? Source) Of(IHeaderDictionary headers, PromptBody? prompt, string scope)
    {
        var (id, source) = OfHeaders(headers) ?? (prompt is null ? null : OfBody(prompt)) ?? default;
        return id is null ? (null, null) : (Hash($"{scope}\n{id}"), source);
    }

    /// <summary>The client says that a sub-agent asks, or another of its helpers.</summary>
    public static bool NamesSubAgent(IHeaderDictionary headers) =>
        Array.Exists(SubAgentNames, name => Header(headers, name) is { } value && value is not ("false" or "0"));

    /// <summary>The key of a conversation that the client does not name: its system message and its first user message.</summary>
    public static string Derived(string? domain, ulong opening, ulong firstMessage) => Hash($"{domain}\n{opening:x}\n{firstMessage:x}");

    /// <summary>A short name for what must not be kept.</summary>
    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 6));

    private static (string Id, string Source)? OfHeaders(IHeaderDictionary headers)
    {
        foreach (var name in Names)
        {
            if (Header(headers, name) is { } id)
                return (name == ClaudeSession && Header(headers, ClaudeAgent) is { } agent ? $"{id}\n{agent}" : id, name);
        }

        return null;
    }

    private static (string Id, string Source)? OfBody(PromptBody prompt)
    {
        var body = prompt.Body.Span;
        if (Id(prompt.CacheKey is { } key ? JsonText.StringOrNull(key.Of(body)) : null) is { } cacheKey)
            return (cacheKey, CacheKey);
        if (prompt.Metadata is { Length: <= 4096 } metadata && OfMetadata(metadata.Of(body)) is { } packed)
            return packed;
        return Id(prompt.PreviousResponse is { } previous ? JsonText.StringOrNull(previous.Of(body)) : null) is { } response
            ? (response, "previous_response_id")
            : null;
    }

    private static (string Id, string Source)? OfMetadata(ReadOnlySpan<byte> metadata)
    {
        if (JsonMembers.Text(metadata, "user_id") is { } user && OfUser(user) is { } session)
            return (session, "metadata.user_id");
        foreach (var name in MetadataNames)
        {
            if (Id(JsonMembers.Text(metadata, name)) is { } id)
                return (id, $"metadata.{name}");
        }

        return null;
    }

    /// <summary>Claude Code packs its session into the user's id: <c>user_…_account_…_session_…</c>, or a JSON object. A plain user id is
    /// not a conversation.</summary>
    private static string? OfUser(string user)
    {
        const string Mark = "_session_";
        if (user.Length > 4096)
            return null;
        if (user is ['{', ..])
            return Id(JsonMembers.Text(Encoding.UTF8.GetBytes(user), "session_id"));
        var at = user.LastIndexOf(Mark, StringComparison.Ordinal);
        return at < 0 ? null : Id(user[(at + Mark.Length)..]);
    }

    private static string? Header(IHeaderDictionary headers, string name) =>
        headers.TryGetValue(name, out var value) ? Id(value.ToString()) : null;

    private static string? Id(string? text) => text?.Trim() is { Length: > 0 and <= MaxLength } id ? id : null;
}
