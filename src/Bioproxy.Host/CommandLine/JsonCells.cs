using System.Globalization;
using System.Text.Json;

namespace Bioproxy.Host.CommandLine;

/// <summary>Members of the admin port's answers as cells of a table.</summary>
internal static class JsonCells
{
    /// <summary>A text; <c>-</c> for null.</summary>
    public static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "-";

    /// <summary>A whole number, in groups of three digits.</summary>
    public static string Number(JsonElement element, string name) =>
        element.GetProperty(name).GetInt64().ToString("#,0", CultureInfo.InvariantCulture);
}
