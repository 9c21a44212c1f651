using System.Text;
using System.Text.Json;

namespace Bioproxy.Host.Json;

/// <summary>Single members of a JSON object, found in its bytes.</summary>
internal static class JsonMembers
{
    /// <summary>Where the value of a member stands; of several with one name the last, which is the one that counts. Null where there is
    /// none, or no object.</summary>
    public static JsonRange? Find(ReadOnlySpan<byte> json, string name)
    {
        try
        {
            JsonRange? found = null;
            var reader = new Utf8JsonReader(json, JsonReading.Options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isIt = reader.ValueTextEquals(name);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (isIt)
                    found = new JsonRange(start, (int)reader.BytesConsumed - start);
            }

            return found;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // a name that is not Unicode (a lone surrogate)
        {
            return null;
        }
    }

    /// <summary>Where the objects of a list stand; empty where there is no list.</summary>
    /// <param name="json">The bytes.</param>
    /// <param name="list">The list in them, which is known to be JSON.</param>
    public static List<JsonRange> Elements(ReadOnlySpan<byte> json, JsonRange list)
    {
        var found = new List<JsonRange>();
        var reader = new Utf8JsonReader(list.Of(json), JsonReading.Options);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            return found;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            reader.Skip();
            if (isObject)
                found.Add(new JsonRange(list.Start + start, (int)reader.BytesConsumed - start));
        }

        return found;
    }

    /// <summary>The text of a member; null where it is missing or not a text.</summary>
    public static string? Text(ReadOnlySpan<byte> json, string name)
    {
        if (Find(json, name) is not { } range)
            return null;
        var reader = new Utf8JsonReader(range.Of(json));
        reader.Read();
        return reader.TokenType == JsonTokenType.String ? JsonText.StringOrNull(range.Of(json)) : null;
    }

    /// <summary>Sets a member to a text: in place of its value, or as a new first member.</summary>
    public static JsonSplice Set(ReadOnlySpan<byte> json, string name, string text)
    {
        var value = JsonText.Quote(text);
        if (Find(json, name) is { } range)
            return new JsonSplice(range, value);
        var first = json.IndexOf((byte)'{') + 1;
        var isEmpty = json[first..].TrimStart(" \t\r\n"u8) is [(byte)'}', ..];
        byte[] member = [.. Encoding.UTF8.GetBytes($"\"{name}\":"), .. value, .. isEmpty ? default : ","u8];
        return new JsonSplice(new JsonRange(first, 0), member);
    }
}
