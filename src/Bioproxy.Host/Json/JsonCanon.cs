using System.Text;
using System.Text.Json;

namespace Bioproxy.Host.Json;

/// <summary>JSON in one form: values that differ in white space, escapes or the order of members have the same, and so have strings that
/// hold JSON (the arguments of tool calls). For comparing only; nothing that is sent is ever written like this.</summary>
internal static class JsonCanon
{
    /// <exception cref="InvalidOperationException">A string is not Unicode.</exception>
    public static string Of(JsonElement value)
    {
        var text = new StringBuilder();
        Write(text, value);
        return text.ToString();
    }

    /// <summary>The form of a text; null when it is not JSON.</summary>
    public static string? OfText(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Of(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static void Write(StringBuilder text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                text.Append('{');
                foreach (var member in value.EnumerateObject().OrderBy(static member => member.Name, StringComparer.Ordinal))
                {
                    text.Append('"').Append(member.Name).Append("\":");
                    Write(text, member.Value);
                    text.Append(',');
                }

                text.Append('}');
                break;
            case JsonValueKind.Array:
                text.Append('[');
                foreach (var element in value.EnumerateArray())
                {
                    Write(text, element);
                    text.Append(',');
                }

                text.Append(']');
                break;
            case JsonValueKind.String:
                var inner = value.GetString()!;
                text.Append('"').Append(inner is ['{' or '[', ..] ? OfText(inner) ?? inner : inner).Append('"');
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }
}
