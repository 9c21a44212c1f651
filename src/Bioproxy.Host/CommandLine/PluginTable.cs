using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;
using static Bioproxy.Host.CommandLine.JsonCells;
using static Bioproxy.Host.CommandLine.PlainTable;

namespace Bioproxy.Host.CommandLine;

/// <summary>The plugins of <c>/status</c> as a table, followed by the problems and notes of each.</summary>
internal static class PluginTable
{
    /// <param name="answer">A document with the member <c>plugins</c>.</param>
    public static IRenderable List(JsonElement answer)
    {
        var plugins = answer.GetProperty("plugins").EnumerateArray().ToList();
        if (plugins.Count == 0)
            return new Text("There are no plugins.");

        var table = Of(Left("name"), Left("version"), Left("state"), Left("exports"), Right("calls"), Right("errors"));
        var details = WithoutHeader(2);
        foreach (var plugin in plugins)
        {
            AddPlugin(table, plugin);
            foreach (var (kind, text) in Details(plugin))
                details.Add($"{Text(plugin, "name")}: {kind}", text);
        }

        return details.Rows.Count == 0 ? table : new Rows(table, new Text(" "), details);
    }

    private static void AddPlugin(Table table, JsonElement plugin)
    {
        var exports = plugin.GetProperty("exports").EnumerateArray()
            .Select(export => export.GetString()!)
            .DefaultIfEmpty("-")
            .ToList();
        var (calls, errors) = (Number(plugin, "calls"), Number(plugin, "errors"));
        table.Add(Text(plugin, "name") ?? "-", Text(plugin, "version") ?? "-", Text(plugin, "state") ?? "-", exports[0], calls, errors);
        foreach (var export in exports.Skip(1))
            table.Add("", "", "", export, "", "");
    }

    private static IEnumerable<(string Kind, string Text)> Details(JsonElement plugin)
    {
        if (Text(plugin, "problem") is { } problem)
            yield return ("problem", problem);
        foreach (var note in plugin.GetProperty("notes").EnumerateArray())
            yield return ("note", note.GetString()!);
        if (plugin.GetProperty("last_error") is { ValueKind: JsonValueKind.Object } error)
        {
            var at = error.GetProperty("at").GetDateTimeOffset();
            var when = at.ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);
            yield return ("last error", $"{when} {Text(error, "export")}: {Text(error, "message")}");
        }
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
