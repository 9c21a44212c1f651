using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;

namespace Bioproxy.PluginTests;

/// <summary>Prompts from request bodies, and request bodies with a prompt's edits, for tests of one part alone.</summary>
internal static class BodyPrompt
{
    /// <summary>
    /// The prompt in a body, as the host makes it: one message for each element, one part for each element of its content.
    /// </summary>
    public static PromptContext Of(PromptEndpoint endpoint, string body, bool isWarmUp = false)
    {
        var prompt = JsonNode.Parse(body)![NameOf(endpoint)];
        IReadOnlyList<PromptMessage> messages = prompt switch
        {
            JsonArray list => [.. list.Select(message =>
                new PromptMessage((string?)message!["role"] ?? "", [.. Parts(message["content"])]))],
            JsonValue => [new PromptMessage("user", [.. Parts(prompt)])],
            _ => [],
        };
        return new PromptContext("r1", endpoint, null, isWarmUp, messages, Encoding.UTF8.GetBytes(body));
    }

    /// <summary>The body that would be sent on.</summary>
    public static string Sent(PromptContext prompt)
    {
        var body = JsonNode.Parse(prompt.Body.Span)!.AsObject();
        foreach (var (name, value) in prompt.ReplacedMembers)
            body[name] = JsonNode.Parse(value.Span);
        for (var i = 0; i < prompt.Messages.Count; i++)
        {
            for (var j = 0; j < prompt.Messages[i].Parts.Count; j++)
            {
                if (prompt.Messages[i].Parts[j] is { IsEdited: true } part)
                    Assign(body, NameOf(prompt.Endpoint), i, j, part.Text!);
            }
        }

        return body.ToJsonString();
    }

    /// <summary>Whether anything was assigned.</summary>
    public static bool IsEdited(PromptContext prompt) => prompt.ReplacedMembers.Count > 0
        || prompt.Messages.Any(message => message.Parts.Any(part => part.IsEdited));

    /// <summary>A member of the body as JSON, with edits.</summary>
    public static string MemberOf(PromptContext prompt, string name) => Encoding.UTF8.GetString(prompt.Member(name)!.Value.Span);

    private static string NameOf(PromptEndpoint endpoint) =>
        endpoint switch { PromptEndpoint.Responses => "input", PromptEndpoint.Completion => "prompt", _ => "messages" };

    private static IEnumerable<PromptPart> Parts(JsonNode? content) => content switch
    {
        JsonArray parts => parts.Select(part => new PromptPart((string)part!["type"]!,
            (string)part["type"]! is "text" or "input_text" or "output_text" ? (string?)part["text"] : null)),
        JsonValue text => [new PromptPart("text", (string)text!)],
        _ => [],
    };

    private static void Assign(JsonObject body, string name, int message, int part, string text)
    {
        if (body[name] is not JsonArray messages)
            body[name] = text;
        else if (messages[message]!["content"] is JsonArray parts)
            parts[part]!["text"] = text;
        else
            messages[message]!["content"] = text;
    }
}
