using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>
/// Reads the prompts of a raw completion. llama-server takes a text, a list of tokens and texts, an object with a <c>prompt_string</c>
/// beside media, and lists of these (measured with build 11669); each prompt becomes one message, and each text a part that plugins can
/// edit.
/// </summary>
internal static class CompletionPrompts
{
    /// <summary>The type of a text in the middle of a prompt, where no trigger stands.</summary>
    private const string Piece = "piece";

    /// <summary>Reads the value at which the reader stands.</summary>
    /// <returns>One message for each prompt, and how many prompts the backend makes of them.</returns>
    public static (IReadOnlyList<MessageRanges> Messages, int Count) Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            return ([Message(ReadOne(ref reader))], 1);
        var start = (int)reader.TokenStartIndex;
        var list = new List<IReadOnlyList<PartRange>>();
        var pieces = new List<PartRange>();
        var hasNumber = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.Number)
            {
                hasNumber = true;
                AddTokens(pieces, reader.SkipValue());
                continue;
            }

            list.Add(ReadOne(ref reader));
            pieces.AddRange(list[^1]);
        }

        return hasNumber || list.Count == 0
            ? ([Message(AsOne(pieces, Range(start, reader)))], 1)
            : ([.. list.Select(Message)], list.Count);
    }

    /// <summary>The texts of a value that is one prompt.</summary>
    public static IReadOnlyList<PartRange> ReadOne(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return [new("text", true, reader.SkipValue())];
            case JsonTokenType.StartObject:
                return [ReadObject(ref reader)];
            case JsonTokenType.StartArray:
                var start = (int)reader.TokenStartIndex;
                var pieces = new List<PartRange>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (reader.TokenType == JsonTokenType.Number)
                        AddTokens(pieces, reader.SkipValue());
                    else
                        pieces.Add(new("text", reader.TokenType == JsonTokenType.String, reader.SkipValue()));
                }

                return AsOne(pieces, Range(start, reader));
            default:
                return [new("tokens", false, reader.SkipValue())];
        }
    }

    private static PartRange ReadObject(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        PartRange? text = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isText = reader.ValueTextEquals("prompt_string"u8);
            reader.Read();
            var isString = reader.TokenType == JsonTokenType.String;
            var value = reader.SkipValue();
            if (isText)
                text = isString ? new("text", true, value) : null;
        }

        return text ?? new("unknown", false, Range(start, reader));
    }

    /// <summary>The pieces of one prompt. Tokens alone are one part, as the client wrote them.</summary>
    private static List<PartRange> AsOne(List<PartRange> pieces, JsonRange whole)
    {
        if (!pieces.Exists(static piece => piece.IsText))
            return [new("tokens", false, whole)];
        for (var i = 1; i < pieces.Count; i++)
        {
            if (pieces[i].IsText)
                pieces[i] = pieces[i] with { Type = Piece };
        }

        return pieces;
    }

    /// <summary>Tokens in a row are one part.</summary>
    private static void AddTokens(List<PartRange> pieces, JsonRange token)
    {
        if (pieces is [.., { IsText: false, Type: "tokens" } last])
            pieces[^1] = last with { Range = new JsonRange(last.Range.Start, token.End - last.Range.Start) };
        else
            pieces.Add(new("tokens", false, token));
    }

    private static MessageRanges Message(IReadOnlyList<PartRange> parts) => new("user", parts, []);

    private static JsonRange Range(int start, in Utf8JsonReader reader) => new(start, (int)reader.BytesConsumed - start);
}
