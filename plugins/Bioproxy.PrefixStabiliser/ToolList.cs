using System.Buffers;
using System.Text.Json;

namespace Bioproxy.PrefixStabiliser;

/// <summary>Sorts a list of tools by name. The elements' bytes stay, and so do those between them: only the order changes.</summary>
internal static class ToolList
{
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = int.MaxValue };

    /// <summary>Sorts a list.</summary>
    /// <param name="value">JSON in UTF-8.</param>
    /// <returns>The sorted list; null when it is already sorted, or is not a list of objects.</returns>
    public static ReadOnlyMemory<byte>? Sort(ReadOnlyMemory<byte> value)
    {
        if (Read(value) is not { } tools)
            return null;

        // Tools of one name by their bytes: every order of the same tools gives the same list.
        var sorted = tools.ToArray();
        Array.Sort(sorted, (left, right) => string.CompareOrdinal(left.Name, right.Name) is not 0 and var order
            ? order
            : left.Bytes.Span.SequenceCompareTo(right.Bytes.Span));
        if (tools.Zip(sorted).All(pair => pair.First.Bytes.Span.SequenceEqual(pair.Second.Bytes.Span)))
            return null;

        return With(value, tools, sorted);
    }

    /// <summary>A list with other tools in the places of its own; what is between them stays.</summary>
    public static ReadOnlyMemory<byte> With(ReadOnlyMemory<byte> value, IReadOnlyList<Tool> tools, IReadOnlyList<Tool> others)
    {
        var result = new ArrayBufferWriter<byte>(value.Length);
        var copied = 0;
        for (var i = 0; i < others.Count; i++)
        {
            result.Write(value.Span[copied..tools[i].Start]);
            result.Write(others[i].Bytes.Span);
            copied = tools[i].Start + tools[i].Bytes.Length;
        }

        result.Write(value.Span[copied..]);
        return result.WrittenMemory;
    }

    /// <summary>The tools of a list; null for anything that is not a list of objects.</summary>
    public static List<Tool>? Read(ReadOnlyMemory<byte> value)
    {
        var tools = new List<Tool>();
        var reader = new Utf8JsonReader(value.Span, Deep);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            return null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                return null;
            var start = (int)reader.TokenStartIndex;
            var name = NameOf(ref reader);
            tools.Add(new Tool(name, start, value[start..(int)reader.BytesConsumed]));
        }

        return tools;
    }

    /// <summary>OpenAI's <c>function.name</c>, or <c>name</c>; of tools without one (<c>{"type":"web_search"}</c>) the type.</summary>
    private static string NameOf(ref Utf8JsonReader reader)
    {
        string? name = null;
        string? type = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isName = reader.ValueTextEquals("name"u8);
            var isType = reader.ValueTextEquals("type"u8);
            var isFunction = reader.ValueTextEquals("function"u8);
            reader.Read();
            if (isFunction && reader.TokenType == JsonTokenType.StartObject)
                name = NameOf(ref reader);
            else if (isName)
                name = StringOf(ref reader) ?? name;
            else if (isType)
                type = StringOf(ref reader);
            reader.Skip();
        }

        return name ?? type ?? string.Empty;
    }

    private static string? StringOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // a lone surrogate
        }
    }
}
