using System.Text.Json;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;

namespace Bioproxy.Host.Protocols.Chat;

/// <summary>
/// The chat completion that llama-server makes of a body in another protocol before it renders the prompt (its <c>/apply-template</c> takes
/// chats only). For rendering alone: what is forwarded stays as the client sent it. Where a build of the server does it otherwise, other
/// tokens come out, and what was computed for them is not reused; nothing else goes wrong.
/// </summary>
internal static class ChatForm
{
    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = 512 };

    /// <param name="body">The body.</param>
    /// <param name="endpoint">Its protocol.</param>
    /// <returns>The body of a chat; null when it cannot be read as one.</returns>
    public static JsonObject? Of(ReadOnlySpan<byte> body, PromptEndpoint endpoint)
    {
        try
        {
            if (JsonNode.Parse(body, documentOptions: Reading) is not JsonObject request)
                return null;
            return endpoint switch
            {
                PromptEndpoint.Chat => request,
                PromptEndpoint.Messages => AnthropicForm.Of(request),
                PromptEndpoint.Responses => ResponsesForm.Of(request),
                _ => null,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return null; // not JSON, a member of another type, or one that is there twice
        }
    }

    /// <summary>Whether a chat's messages have pictures.</summary>
    public static bool HasPictures(JsonObject chat) => chat["messages"] is JsonArray messages
        && messages.Any(static message => (message as JsonObject)?["content"] is JsonArray parts
            && parts.Any(static part => Text(part, "type") == "image_url"));

    /// <summary>A copy of a member that may belong to another object.</summary>
    internal static JsonNode? Copy(JsonNode? node) => node?.DeepClone();

    /// <summary>The text of a member; empty where it is missing or no text.</summary>
    internal static string Text(JsonNode? owner, string name) =>
        owner is JsonObject o && o[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
}
