using System.Text.Json;

namespace Bioproxy.Abstractions;

/// <summary>Checks what plugins put into a body.</summary>
internal static class JsonValue
{
    /// <exception cref="ArgumentException">It is not exactly one JSON value.</exception>
    public static void Check(ReadOnlyMemory<byte> value, string name)
    {
        try
        {
            var reader = new Utf8JsonReader(value.Span, new JsonReaderOptions { MaxDepth = int.MaxValue });
            reader.Read();
            reader.Skip();
            if (!reader.Read())
                return;
        }
        catch (JsonException e)
        {
            throw new ArgumentException($"It is not a JSON value: {e.Message}", name, e);
        }

        throw new ArgumentException("It is more than one JSON value.", name);
    }
}
