using Bioproxy.Host.Requests;
using Microsoft.Data.Sqlite;

namespace Bioproxy.Host.Dashboard.History;

/// <summary>Requests in the database.</summary>
internal static class HistoryRows
{
    public static void Append(SqliteConnection connection, IEnumerable<RequestRecord> records)
    {
        foreach (var record in records)
        {
            Sql.Run(
                connection, HistoryTables.InsertRequest,
                ("$at", record.At.ToUnixTimeMilliseconds()), ("$id", record.Id), ("$route", record.Route), ("$lane", record.Lane),
                ("$client", record.Client), ("$backend", record.Backend), ("$model", record.Model), ("$template", record.Template),
                ("$conversation", record.Conversation?.ToString()), ("$status", record.Status), ("$error", record.Error),
                ("$result", record.Result), ("$stream", record.IsStream), ("$cached", record.CachedTokens),
                ("$computed", record.ComputedTokens), ("$generated", record.GeneratedTokens), ("$waited", record.Waited),
                ("$first_token", record.FirstToken), ("$seconds", record.Seconds), ("$saved", record.Saved));
            Sql.Run(
                connection, HistoryTables.AddToSums,
                ("$bucket", HistoryTables.BucketOf(record.At)), ("$model", record.Model), ("$template", record.Template ?? ""),
                ("$result", record.Result ?? ""), ("$cached", record.CachedTokens ?? 0), ("$computed", record.ComputedTokens ?? 0),
                ("$generated", record.GeneratedTokens ?? 0), ("$saved", record.Saved));
        }
    }

    /// <summary>The last requests, the oldest first.</summary>
    public static IReadOnlyList<RequestRecord> Last(SqliteConnection connection, int count) =>
        Sql.List(connection, HistoryTables.LastRequests, Read, ("$count", count));

    /// <summary>Keeps the file within its limits. Sums are merged, never dropped.</summary>
    public static void Prune(SqliteConnection connection, DateTimeOffset oldest, long maxBytes, DateTimeOffset now)
    {
        Sql.Run(connection, "DELETE FROM requests WHERE at < $oldest", ("$oldest", oldest.ToUnixTimeMilliseconds()));
        var hour = SavingsWindow.Day.Step;
        var today = HistoryTables.BucketOf(now.AddDays(-2));
        var lastMonth = HistoryTables.BucketOf(now.AddDays(-60));
        Sql.Run(connection, HistoryTables.Merge, ("$step", hour), ("$before", today));
        Sql.Run(connection, HistoryTables.Merge, ("$step", SavingsWindow.All.Step), ("$before", lastMonth));
        while (UsedBytes(connection) > maxBytes && Sql.Number(connection, "SELECT COUNT(*) FROM requests") is > 0 and var count)
        {
            Sql.Run(
                connection, "DELETE FROM requests WHERE number IN (SELECT number FROM requests ORDER BY number LIMIT $some)",
                ("$some", Math.Max(1000, count / 10)));
        }
    }

    private static long UsedBytes(SqliteConnection connection) =>
        (Sql.Number(connection, "PRAGMA page_count") - Sql.Number(connection, "PRAGMA freelist_count"))
        * Sql.Number(connection, "PRAGMA page_size");

    private static RequestRecord Read(SqliteDataReader row) => new()
    {
        At = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(0)),
        Id = row.GetString(1),
        Route = row.GetString(2),
        Lane = row.GetString(3),
        Client = row.GetString(4),
        Backend = row.GetString(5),
        Model = row.GetString(6),
        Template = row.TextOrNull(7),
        Conversation = row.TextOrNull(8) is { } conversation ? new ConversationName(conversation) : null,
        Status = row.GetInt32(9),
        Error = row.TextOrNull(10),
        Result = row.TextOrNull(11),
        IsStream = row.GetBoolean(12),
        CachedTokens = row.NumberOrNull(13),
        ComputedTokens = row.NumberOrNull(14),
        GeneratedTokens = row.NumberOrNull(15),
        Waited = row.GetDouble(16),
        FirstToken = row.IsDBNull(17) ? null : row.GetDouble(17),
        Seconds = row.GetDouble(18),
        Saved = row.GetDouble(19),
    };
}
