using System.Text.Json;

namespace Bioproxy.Host.Json;

/// <summary>Looks things up in JSON that others wrote: what is missing, cut off or of another kind is null.</summary>
internal static class JsonLookup
{
    /// <summary>A member of an object that is a whole number.</summary>
    public static int? Number(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            ? number
            : null;

    /// <summary>The object behind the last <paramref name="name"/>, if all of it is there.</summary>
    /// <param name="bytes">Any part of a body or a stream.</param>
    /// <param name="name">The name with its quotes and its colon; inside a JSON string the quotes would be escaped.</param>
    public static JsonElement? LastObject(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name)
    {
        var at = bytes.LastIndexOf(name);
        if (at < 0)
            return null;
        var reader = new Utf8JsonReader(bytes[(at + name.Length)..], isFinalBlock: false, default);
        try
        {
            if (JsonElement.TryParseValue(ref reader, out var element) && element is { ValueKind: JsonValueKind.Object } found)
                return found;
        }
        catch (JsonException)
        {
            // cut off, or not what it looked like
        }

        return null;
    }
}
