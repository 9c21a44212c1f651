using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>Finds the messages of a body, and in each of them its role, its texts and whatever else the backend renders.</summary>
/// <param name="body">The body.</param>
/// <param name="endpoint">Its protocol.</param>
internal readonly struct MessageReader(ReadOnlyMemory<byte> body, PromptEndpoint endpoint)
{
    /// <summary>All of them; none where the value is not a list.</summary>
    public IReadOnlyList<MessageRanges> ReadAll(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return [];
        }

        var messages = new List<MessageRanges>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            messages.Add(reader.TokenType == JsonTokenType.StartObject
                ? ReadMessage(ref reader)
                : new(string.Empty, [new("unknown", false, reader.SkipValue())], []));
        }

        return messages;
    }

    private MessageRanges ReadMessage(ref Utf8JsonReader reader)
    {
        var first = (int)reader.BytesConsumed;
        var role = string.Empty;
        JsonRange? roleToken = null;
        IReadOnlyList<PartRange> parts = [];
        JsonRange? content = null;
        List<(JsonRange, JsonRange)>? others = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("role"u8))
            {
                reader.Read();
                role = RoleName(ref reader);
                var isText = reader.TokenType == JsonTokenType.String;
                var token = reader.SkipValue();
                roleToken = isText ? token : null;
            }
            else if (reader.ValueTextEquals("content"u8))
            {
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                parts = ReadContent(ref reader);
                content = new JsonRange(start, (int)reader.BytesConsumed - start);
            }
            else if (IsNeverRendered(ref reader))
            {
                reader.Read();
                reader.Skip();
            }
            else
            {
                var start = (int)reader.TokenStartIndex;
                var name = new JsonRange(start, (int)reader.BytesConsumed - start - 1); // up to the colon: good enough to tell names apart
                reader.Read();
                (others ??= []).Add((name, reader.SkipValue()));
            }
        }

        return new(role, parts, others ?? (IReadOnlyList<(JsonRange, JsonRange)>)[])
        {
            RoleToken = roleToken,
            Content = content,
            FirstMember = first,
        };
    }

    /// <summary>Members of a message that say nothing to the backend (measured on build 11669): <c>cache_control</c>, which wanders, and
    /// the ids of items, which are others in every session of Codex. The id of a call is <c>call_id</c>.</summary>
    private bool IsNeverRendered(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("cache_control"u8)
        || (endpoint == PromptEndpoint.Responses && (reader.ValueTextEquals("id"u8) || reader.ValueTextEquals("status"u8)));

    private List<PartRange> ReadContent(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
            return [new("text", true, reader.SkipValue())];
        if (reader.TokenType != JsonTokenType.StartArray)
            return reader.TokenType == JsonTokenType.Null ? [] : [new("unknown", false, reader.SkipValue())];
        var parts = new List<PartRange>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            parts.Add(reader.TokenType == JsonTokenType.StartObject ? ReadPart(ref reader) : new("unknown", false, reader.SkipValue()));
        return parts;
    }

    private PartRange ReadPart(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        string type = "unknown";
        JsonRange? text = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                type = JsonText.StringOrNull(reader.SkipValue().Of(body.Span)) ?? type;
            }
            else if (reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                text = reader.TokenType == JsonTokenType.String ? reader.SkipValue() : null;
                reader.Skip();
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return text is { } token && (type is "text" or "input_text" or "output_text")
            ? new(type, true, token)
            : new(type, false, new JsonRange(start, (int)reader.BytesConsumed - start));
    }

    private static string RoleName(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
            return string.Empty;
        if (reader.ValueTextEquals("user"u8))
            return "user";
        if (reader.ValueTextEquals("assistant"u8))
            return "assistant";
        if (reader.ValueTextEquals("system"u8))
            return "system";
        if (reader.ValueTextEquals("tool"u8))
            return "tool";
        try
        {
            return reader.GetString() ?? string.Empty;
        }
        catch (InvalidOperationException)
        {
            return string.Empty; // a lone surrogate
        }
    }
}
