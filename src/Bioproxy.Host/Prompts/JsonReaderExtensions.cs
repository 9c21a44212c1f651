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
}
