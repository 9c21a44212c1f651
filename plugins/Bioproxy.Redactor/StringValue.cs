using System.Text.Json;

namespace Bioproxy.Redactor;

/// <summary>The text of a JSON string.</summary>
internal static class StringValue
{
    /// <summary>The string at the reader; null when it is not valid Unicode.</summary>
    public static string? Of(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
