using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;
using static Bioproxy.Host.CommandLine.JsonCells;
using static Bioproxy.Host.CommandLine.PlainTable;

namespace Bioproxy.Host.CommandLine;

/// <summary>The proxies of a cluster as a table.</summary>
internal static class ClusterTable
{
    /// <param name="answer">The answer of <c>GET /cluster</c>.</param>
    public static IRenderable Report(JsonElement answer)
    {
        var table = Of(Left("proxy"), Left("version"), Left("configuration"), Left("state"), Left("schedules"));
        var proxies = answer.GetProperty("proxies").EnumerateArray().ToList();
        foreach (var proxy in proxies)
        {
            var owns = string.Join(", ", proxy.GetProperty("owns").EnumerateArray().Select(static server => server.GetString()));
            table.Add(
                Text(proxy, "proxy") + (proxy.GetProperty("asked").GetBoolean() ? " (this)" : ""),
                Text(proxy, "version"),
                Text(proxy, "configuration"),
                proxy.GetProperty("draining").GetBoolean() ? "stopping" : "ready",
                owns.Length > 0 ? owns : "-");
        }

        foreach (var (list, state) in new[] { ("not_reachable", "not reachable"), ("gone", "gone") })
        {
            foreach (var name in answer.GetProperty(list).EnumerateArray())
                table.Add(name.GetString()!, "-", "-", state, "-");
        }

        List<IRenderable> rows =
            [table, new Text($"Cluster {Text(answer, "name")}: {proxies.Count} {(proxies.Count == 1 ? "proxy" : "proxies")}")];
        rows.AddRange(answer.GetProperty("problems").EnumerateArray().Select(static problem => new Text($"! {problem.GetString()}")));
        return new Rows(rows);
    }
}
