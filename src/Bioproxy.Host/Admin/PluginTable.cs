using System.Globalization;
using System.Text.Json;

namespace Bioproxy.Host.Admin;

/// <summary>The plugins of <c>/status</c> as a table that lines up, and below each what a person needs to know.</summary>
internal static class PluginTable
{
    /// <param name="answer">A document with the member <c>plugins</c>.</param>
    public static string List(JsonElement answer)
    {
        var table = new TextTable(["name", "version", "state", "exports", "calls", "errors"], "llllrr");
        foreach (var plugin in answer.GetProperty("plugins").EnumerateArray())
        {
            var exports = plugin.GetProperty("exports").EnumerateArray().Select(export => export.GetString()!).DefaultIfEmpty("-").ToList();
            table.Add([Text(plugin, "name") ?? "-", Text(plugin, "version") ?? "-", Text(plugin, "state") ?? "-", exports[0], Number(plugin, "calls"), Number(plugin, "errors")]);
            foreach (var export in exports.Skip(1))
                table.Add(["", "", "", export, "", ""]);
            foreach (var line in Details(plugin))
                table.AddLine("    " + line);
        }

        return answer.GetProperty("plugins").GetArrayLength() == 0 ? $"There are no plugins.{Environment.NewLine}" : table.ToString();
    }

    private static IEnumerable<string> Details(JsonElement plugin)
    {
        if (Text(plugin, "problem") is { } problem)
            yield return $"problem: {problem}";
        foreach (var note in plugin.GetProperty("notes").EnumerateArray())
            yield return $"note: {note.GetString()}";
        if (plugin.GetProperty("last_error") is { ValueKind: JsonValueKind.Object } error)
            yield return string.Create(CultureInfo.InvariantCulture, $"last error: {error.GetProperty("at").GetDateTimeOffset():yyyy-MM-dd HH:mm:ss zzz} {Text(error, "export")}: {Text(error, "message")}");
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static string Number(JsonElement element, string name) => element.GetProperty(name).GetInt64().ToString("#,0", CultureInfo.InvariantCulture);
}
