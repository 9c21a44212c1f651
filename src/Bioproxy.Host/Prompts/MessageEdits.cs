using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>What plugins changed of a message as a whole: its role, and reasoning that it came without.</summary>
internal static class MessageEdits
{
    private const string Reasoning = "reasoning_content";

    /// <summary>The role that the backend gets.</summary>
    public static string RoleOf(PromptMessage message, MessageRanges ranges) =>
        ranges.RoleToken is null ? message.Role : message.ReplacedRole ?? message.Role;

    /// <summary>The reasoning that is added; null for none.</summary>
    public static string? AddedReasoning(PromptMessage message, MessageRanges ranges, PromptBody body) =>
        message.AddedReasoning is { } added && body.Endpoint == PromptEndpoint.Chat && ranges.FirstMember is not null
        && ranges.Find(body.Body.Span, Reasoning) is null // the message has none of its own
            ? added
            : null;

    /// <summary>The edits as splices.</summary>
    public static IEnumerable<JsonSplice> Splices(PromptMessage message, MessageRanges ranges, PromptBody body)
    {
        if (message.ReplacedRole is { } role && ranges.RoleToken is { } token)
            yield return new JsonSplice(token, JsonText.Quote(role));
        if (AddedReasoning(message, ranges, body) is { } added)
            yield return new JsonSplice(new JsonRange(ranges.FirstMember!.Value, 0), Member(added));
    }

    private static byte[] Member(string text) =>
        [.. Encoding.ASCII.GetBytes($"\"{Reasoning}\":"), .. JsonText.Quote(text), (byte)','];
}
