using System.Globalization;
using System.Text.Json;

namespace Bioproxy.Host.Admin;

/// <summary>The answers of <see cref="KvAdmin"/> as tables that line up.</summary>
internal static class KvTable
{
    public static string List(JsonElement answer, DateTimeOffset now)
    {
        var rows = answer.GetProperty("snapshots").EnumerateArray().Select(s => new[]
        {
            Text(s, "file"), Text(s, "label"), Text(s, "domain"), Number(s, "tokens"), Number(s, "turns"), Size(s.GetProperty("bytes").GetInt64()),
            Age(now - s.GetProperty("last_used").GetDateTimeOffset()), Notes(s),
        });
        var count = answer.GetProperty("count").GetInt32();
        var total = $"{count} {(count == 1 ? "snapshot" : "snapshots")}, {Size(answer.GetProperty("bytes").GetInt64())}";
        if (answer.TryGetProperty("free_bytes", out var free))
            total += $"; {Size(free.GetInt64())} free";
        return new TextTable(["file", "label", "domain", "tokens", "turns", "size", "last used", ""], "lllrrrrl").AddAll(rows) + total + Environment.NewLine;
    }

    public static string Show(JsonElement answer) =>
        string.Concat(answer.EnumerateObject().Select(member => $"{member.Name.Replace('_', ' '),-16} {Value(member.Value)}{Environment.NewLine}"));

    public static string Gone(JsonElement answer)
    {
        var list = answer.EnumerateObject().Single();
        var rows = list.Value.EnumerateArray().Select(s => new[] { Text(s, "file"), Text(s, "label"), Size(s.GetProperty("bytes").GetInt64()), Text(s, "reason") }).ToList();
        var what = list.Name == "removed" ? "removed" : "would be removed";
        return rows.Count == 0 ? $"Nothing {what}.{Environment.NewLine}" : new TextTable([what, "label", "size", "because"], "llrl").AddAll(rows) + $"{rows.Count} {what}{Environment.NewLine}";
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
        _ => value.TryGetDateTimeOffset(out var time) ? time.ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture) : value.GetString()!,
    };

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "-";

    private static string Number(JsonElement element, string name) => element.GetProperty(name).GetInt64().ToString("#,0", CultureInfo.InvariantCulture);

    private static string Size(long bytes) => bytes switch
    {
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB"),
        < 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.0} GiB"),
    };

    private static string Age(TimeSpan age) => age switch
    {
        { TotalMinutes: < 2 } => "now",
        { TotalHours: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{age.TotalMinutes:0} min"),
        { TotalDays: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{age.TotalHours:0} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{age.TotalDays:0} days"),
    };
}
