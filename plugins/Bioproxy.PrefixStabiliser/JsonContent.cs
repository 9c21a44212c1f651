using System.Text.Json;

namespace Bioproxy.PrefixStabiliser;

/// <summary>What JSON says, whatever white space it has and in whatever order the members of its objects are.</summary>
internal static class JsonContent
{
    /// <summary>A hash that is the same for JSON that differs only in white space and in the order of members.</summary>
    public static int HashOf(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            return HashOf(ref reader);
        }
        catch (JsonException)
        {
            return HashOf(JsonTokenType.None, json); // nested deeper than anybody's schema: it is known by its bytes
        }
    }

    private static int HashOf(ref Utf8JsonReader reader)
    {
        var hash = (int)reader.TokenType;
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var name = HashOf(reader.TokenType, reader.ValueSpan);
                    reader.Read();
                    hash = unchecked(hash + HashCode.Combine(name, HashOf(ref reader))); // the same in every order
                }

                return hash;
            case JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    hash = HashCode.Combine(hash, HashOf(ref reader));
                return hash;
            default:
                return HashOf(reader.TokenType, reader.ValueSpan);
        }
    }

    private static int HashOf(JsonTokenType type, ReadOnlySpan<byte> bytes)
    {
        var hash = new HashCode();
        hash.Add(type);
        hash.AddBytes(bytes);
        return hash.ToHashCode();
    }
}
