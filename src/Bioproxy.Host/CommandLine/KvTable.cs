using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;
using static Bioproxy.Host.CommandLine.JsonCells;
using static Bioproxy.Host.CommandLine.PlainTable;

namespace Bioproxy.Host.CommandLine;

/// <summary>The proxy's answers about snapshots, as tables.</summary>
internal static class KvTable
{
    public static IRenderable List(JsonElement answer, DateTimeOffset now)
    {
        var table = Of(
            Left("file"), Left("label"), Left("domain"), Right("tokens"), Right("turns"), Right("size"), Right("last used"), Left(""));
        foreach (var s in answer.GetProperty("snapshots").EnumerateArray())
        {
            table.Add(
                Text(s, "file"),
                Text(s, "label"),
                Text(s, "domain"),
                Number(s, "tokens"),
                Number(s, "turns"),
                Size(s, "bytes"),
                Age(now - s.GetProperty("last_used").GetDateTimeOffset()),
                Notes(s));
        }

        var count = answer.GetProperty("count").GetInt32();
        var total = $"{count} {(count == 1 ? "snapshot" : "snapshots")}, {Size(answer, "bytes")}";
        if (answer.TryGetProperty("free_bytes", out _))
            total += $"; {Size(answer, "free_bytes")} free";
        return count == 0 ? new Text(total) : new Rows(table, new Text(total));
    }

    public static IRenderable Show(JsonElement answer)
    {
        var table = WithoutHeader(2);
        foreach (var member in answer.EnumerateObject())
            table.Add(member.Name.Replace('_', ' '), Value(member.Value));
        return table;
    }

    /// <param name="answer">What was removed, or would be.</param>
    public static IRenderable Removed(JsonElement answer)
    {
        var list = answer.EnumerateObject().Single();
        var what = list.Name.Replace('_', ' ');
        if (list.Value.GetArrayLength() == 0)
            return new Text($"Nothing {what}.");
        var table = Of(Left(what), Left("label"), Right("size"), Left("reason"));
        foreach (var s in list.Value.EnumerateArray())
            table.Add(Text(s, "file"), Text(s, "label"), Size(s, "bytes"), Text(s, "reason"));
        return new Rows(table, new Text($"{list.Value.GetArrayLength()} {what}"));
    }

    private static string Notes(JsonElement snapshot)
    {
        List<string> notes = [];
        if (snapshot.GetProperty("pinned").GetBoolean())
            notes.Add("pinned");
        if (snapshot.GetProperty("in_use").GetBoolean())
            notes.Add("in use");
        if (!snapshot.GetProperty("fits_model").GetBoolean())
            notes.Add("other model");
        return string.Join(", ", notes);
    }

    private static string Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Null => "-",
        JsonValueKind.Number => value.GetInt64().ToString("#,0", CultureInfo.InvariantCulture),
        _ when value.TryGetDateTimeOffset(out var time) => time.ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture),
        _ => value.GetString()!,
    };

    private static string Size(JsonElement element, string name) => element.GetProperty(name).GetInt64() switch
    {
        < 1 << 20 and var bytes => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB"),
        < 1 << 30 and var bytes => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.0} MiB"),
        var bytes => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.0} GiB"),
    };

    private static string Age(TimeSpan age) => age switch
    {
        { TotalMinutes: < 2 } => "now",
        { TotalHours: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{age.TotalMinutes:0} min"),
        { TotalDays: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{age.TotalHours:0} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{age.TotalDays:0} days"),
    };
}
