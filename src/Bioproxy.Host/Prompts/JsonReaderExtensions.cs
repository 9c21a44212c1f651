using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>Ranges of what a reader passes.</summary>
internal static class JsonReaderExtensions
{
    /// <summary>Skips the value at which the reader stands, and returns where it is.</summary>
    public static JsonRange SkipValue(this ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return new JsonRange(start, (int)reader.BytesConsumed - start);
    }

    /// <summary>Skips a value and counts its elements; what is not an array has none.</summary>
    public static JsonRange SkipElements(this ref Utf8JsonReader reader, out int count)
    {
        count = 0;
        if (reader.TokenType != JsonTokenType.StartArray)
            return reader.SkipValue();
        var start = (int)reader.TokenStartIndex;
        for (reader.Read(); reader.TokenType != JsonTokenType.EndArray; reader.Read())
        {
            reader.Skip();
            count++;
        }

        return new JsonRange(start, (int)reader.BytesConsumed - start);
    }

    /// <summary>Skips the array at whose start the reader stands, and counts the prompts it is: one of tokens (and text) when it holds a
    /// number, otherwise one for each element.</summary>
    public static int SkipPrompts(this ref Utf8JsonReader reader)
    {
        var elements = 0;
        var hasNumber = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            elements++;
            hasNumber |= reader.TokenType == JsonTokenType.Number;
            reader.Skip();
        }

        return hasNumber ? 1 : Math.Max(1, elements);
    }
}
