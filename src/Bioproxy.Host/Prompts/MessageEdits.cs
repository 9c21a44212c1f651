using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>What plugins changed of a message as a whole: its role, reasoning that it came without, and texts behind its content.</summary>
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

    /// <summary>Whether texts can be added behind the content: it is a text or a list.</summary>
    public static bool TakesTexts(MessageRanges ranges, PromptBody body) =>
        ranges.Content is { } content && body.Body.Span[content.Start] is (byte)'"' or (byte)'[';

    /// <summary>The edits as splices. Those that insert before a text come before the edit of that text.</summary>
    public static IEnumerable<JsonSplice> Splices(PromptMessage message, MessageRanges ranges, PromptBody body)
    {
        if (message.ReplacedRole is { } role && ranges.RoleToken is { } token)
            yield return new JsonSplice(token, JsonText.Quote(role));
        if (AddedReasoning(message, ranges, body) is { } added)
            yield return new JsonSplice(new JsonRange(ranges.FirstMember!.Value, 0), Member(added));
        if (message.Parts.Count <= ranges.Parts.Count || !TakesTexts(ranges, body))
            yield break;
        var content = ranges.Content!.Value;
        var (opening, closing) = Added(message, ranges, body);
        if (opening.Length > 0)
            yield return new JsonSplice(new JsonRange(content.Start, 0), opening);
        yield return new JsonSplice(new JsonRange(opening.Length > 0 ? content.End : content.End - 1, 0), closing);
    }

    /// <summary>What is inserted before and in the end of a content: a text becomes a list that begins with it.</summary>
    private static (byte[] Opening, byte[] Closing) Added(PromptMessage message, MessageRanges ranges, PromptBody body)
    {
        var type = body.Endpoint != PromptEndpoint.Responses ? "text" : message.Role == "assistant" ? "output_text" : "input_text";
        var start = $"{{\"type\":\"{type}\",\"text\":";
        var added = string.Join(',', message.Parts.Skip(ranges.Parts.Count).Select(
            part => $"{start}{Encoding.UTF8.GetString(JsonText.Quote(part.Text!))}}}"));
        return body.Body.Span[ranges.Content!.Value.Start] == '['
            ? ([], Encoding.UTF8.GetBytes(ranges.Parts.Count > 0 ? "," + added : added))
            : (Encoding.UTF8.GetBytes($"[{start}"), Encoding.UTF8.GetBytes($"}},{added}]"));
    }

    private static byte[] Member(string text) =>
        [.. Encoding.ASCII.GetBytes($"\"{Reasoning}\":"), .. JsonText.Quote(text), (byte)','];
}
