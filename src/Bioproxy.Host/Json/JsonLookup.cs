using System.Text.Json;

namespace Bioproxy.Host.Json;

/// <summary>Looks things up in JSON that others wrote: what is missing, cut off or of another kind is null.</summary>
internal static class JsonLookup
{
    /// <summary>A member of an object.</summary>
    public static JsonElement? MemberOrNull(this JsonElement element, string name)
    {
        try
        {
            return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;
        }
        catch (InvalidOperationException)
        {
            return null; // a name in it is not Unicode (a lone surrogate), and cannot be compared
        }
    }

    /// <summary>A member of an object that is a whole number.</summary>
    public static int? Number(this JsonElement element, string name) =>
        element.MemberOrNull(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number) ? number : null;

    /// <summary>The object behind the last <paramref name="name"/>, if all of it is there.</summary>
    /// <param name="bytes">Any part of a body or a stream.</param>
    /// <param name="name">The name with its quotes and its colon; inside a JSON string the quotes would be escaped.</param>
    public static JsonElement? LastObject(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name) =>
        bytes.LastIndexOf(name) is var at and >= 0 ? Object(bytes[(at + name.Length)..]) : null;

    /// <summary>The object behind the first <paramref name="name"/>, if all of it is there.</summary>
    /// <param name="bytes">As for <see cref="LastObject"/>.</param>
    /// <param name="name">As for <see cref="LastObject"/>.</param>
    public static JsonElement? FirstObject(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name) =>
        bytes.IndexOf(name) is var at and >= 0 ? Object(bytes[(at + name.Length)..]) : null;

    private static JsonElement? Object(ReadOnlySpan<byte> value)
    {
        var reader = new Utf8JsonReader(value, isFinalBlock: false, default);
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
