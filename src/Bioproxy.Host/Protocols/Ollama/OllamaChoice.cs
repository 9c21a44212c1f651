using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>The only choice of an answer or of one event of it, in any of the three forms that a translated request is answered
/// in: chat completion, completion, and llama-server's own.</summary>
/// <param name="Model">What the backend calls its model.</param>
/// <param name="Message">The <c>message</c> or <c>delta</c> of a chat; null for the other forms.</param>
/// <param name="Text">The token of its text; null for none.</param>
/// <param name="Finish">Why it ended; null when it did not.</param>
internal readonly record struct OllamaChoice(string? Model, JsonElement? Message, JsonElement? Text, string? Finish)
{
    /// <returns>Null when there is none.</returns>
    public static OllamaChoice? Of(JsonElement root)
    {
        var model = TextOf(root, "model");
        if (root.Member("choices") is { ValueKind: JsonValueKind.Array } choices)
        {
            if (choices.GetArrayLength() == 0)
                return null;
            var choice = choices[0];
            var message = choice.Member("message") ?? choice.Member("delta");
            var text = message is { } said ? said.TextMember("content") : choice.TextMember("text");
            return new OllamaChoice(model, message, text, TextOf(choice, "finish_reason"));
        }

        if (root.TextMember("content") is not { } content)
            return null;
        var isOver = root.Member("stop") is { ValueKind: JsonValueKind.True };
        return new OllamaChoice(model, null, content, isOver ? TextOf(root, "stop_type") ?? "stop" : null);
    }

    private static string? TextOf(JsonElement element, string name) =>
        element.TextMember(name) is { } text ? JsonTokens.TextOf(text) : null;
}
