using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>The member that the backend renders as a system message before all others: Anthropic's <c>system</c>, a text or a list of
/// blocks, and <c>instructions</c> of the Responses API.</summary>
internal static class SystemMember
{
    /// <summary>Its name; null where there is none.</summary>
    public static string? NameOf(PromptEndpoint endpoint) => endpoint switch
    {
        PromptEndpoint.Messages => "system",
        PromptEndpoint.Responses => "instructions",
        _ => null,
    };

    /// <summary>Where its texts stand: that of a block, or a block without a text as a whole.</summary>
    public static List<JsonRange> PartsOf(ReadOnlySpan<byte> value)
    {
        if (value[0] != '[')
            return [new JsonRange(0, value.Length)];
        var parts = new List<JsonRange>();
        var reader = new Utf8JsonReader(value, JsonReading.Options);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            var block = value[start..(int)reader.BytesConsumed];
            parts.Add(JsonMembers.Text(block, "type") == "text" && JsonMembers.Find(block, "text") is { } text
                ? new JsonRange(start + text.Start, text.Length)
                : new JsonRange(start, block.Length));
        }

        return parts;
    }

    /// <summary>Where a text of it stands in the body; null where there is none.</summary>
    public static JsonRange? TextOf(PromptBody source, int part)
    {
        if (NameOf(source.Endpoint) is not { } name || source.Find(name) is not { } value)
            return null;
        var parts = PartsOf(value.Of(source.Body.Span));
        return part < parts.Count && source.Body.Span[value.Start + parts[part].Start] == '"'
            ? new JsonRange(value.Start + parts[part].Start, parts[part].Length)
            : null;
    }
}
