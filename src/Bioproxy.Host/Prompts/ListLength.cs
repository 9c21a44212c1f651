using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>How many tasks the backend makes of a request without a chat: embeddings and rankings take a list, and every element a
/// slot.</summary>
internal static class ListLength
{
    public static int Of(ReadOnlySpan<byte> body)
    {
        var length = 1;
        try
        {
            var reader = new Utf8JsonReader(body, JsonReading.Options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return 1;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isList = reader.ValueTextEquals("input"u8) || reader.ValueTextEquals("content"u8)
                    || reader.ValueTextEquals("documents"u8) || reader.ValueTextEquals("texts"u8);
                reader.Read();
                if (isList && reader.TokenType == JsonTokenType.StartArray)
                    length = Math.Max(length, reader.SkipPrompts());
                else
                    reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // the backend will say what is wrong with it
        }

        return length;
    }
}
