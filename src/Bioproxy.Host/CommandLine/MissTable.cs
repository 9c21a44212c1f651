using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;
using static Bioproxy.Host.CommandLine.JsonCells;
using static Bioproxy.Host.CommandLine.PlainTable;

namespace Bioproxy.Host.CommandLine;

/// <summary>The miss report as tables: what each client lost, and the last requests that lost something.</summary>
internal static class MissTable
{
    /// <param name="answer">The answer of <c>GET /misses</c>.</param>
    /// <param name="last">How many of the last requests are shown.</param>
    public static IRenderable Report(JsonElement answer, int last)
    {
        var total = answer.GetProperty("misses").GetInt32();
        if (total == 0)
            return new Text("No misses since the proxy started.");
        List<IRenderable> rows = [Clients(answer), new Text($"{total} {(total == 1 ? "miss" : "misses")}, {Cost(answer)}")];
        var shown = answer.GetProperty("last").EnumerateArray().Take(last).ToList();
        if (shown.Count > 0)
            rows.AddRange([new Text(""), Last(shown)]);
        return new Rows(rows);
    }

    private static Table Clients(JsonElement answer)
    {
        var table = Of(
            Left("client"), Left("key"), Left("cause"), Left("mended by"), Right("misses"), Right("tokens"), Right("seconds"));
        foreach (var client in answer.GetProperty("clients").EnumerateArray())
        {
            foreach (var cause in client.GetProperty("causes").EnumerateArray())
            {
                table.Add(
                    Text(client, "client"),
                    Text(client, "key"),
                    Text(cause, "cause"),
                    Text(cause, "rule"),
                    Number(cause, "misses"),
                    Number(cause, "lost_tokens"),
                    Seconds(cause));
            }
        }

        return table;
    }

    private static Table Last(IReadOnlyList<JsonElement> misses)
    {
        var table = Of(Left("request"), Left("client"), Left("cause"), Left("first difference"), Right("tokens"), Right("seconds"));
        foreach (var miss in misses)
        {
            var excerpt = miss.TryGetProperty("excerpt", out var quoted) ? $": {quoted.GetString()!.ReplaceLineEndings(" ")}" : "";
            table.Add(
                Text(miss, "request"),
                Text(miss, "client"),
                Text(miss, "cause"),
                Text(miss, "where") + excerpt,
                Number(miss, "lost_tokens"),
                Seconds(miss));
        }

        return table;
    }

    private static string Cost(JsonElement element) => $"{Number(element, "lost_tokens")} tokens, {Seconds(element)} s";

    private static string Seconds(JsonElement element) =>
        element.GetProperty("lost_seconds").GetDouble().ToString("#,0.0", CultureInfo.InvariantCulture);
}
