using Microsoft.Data.Sqlite;

namespace Bioproxy.Host.Dashboard.History;

/// <summary>Reads what was saved. Percentiles are of the newest requests that are kept one by one.</summary>
internal static class SavingsQuery
{
    private const int MostTimes = 20_000;
    private const int MostColumns = 400;

    private const string Sums = """
        SELECT model, template, result, SUM(requests), SUM(cached), SUM(computed), SUM(generated), SUM(saved)
        FROM sums WHERE bucket >= $from GROUP BY 1, 2, 3;
        """;

    private const string Times = """
        SELECT model, IFNULL(template, ''), IFNULL(result, ''), first_token FROM requests
        WHERE at >= $from AND first_token IS NOT NULL ORDER BY number DESC LIMIT $most;
        """;

    private const string Series = """
        SELECT bucket / $step * $step, 0, 0, SUM(requests), SUM(cached), SUM(computed), SUM(generated), SUM(saved)
        FROM sums WHERE bucket >= $from GROUP BY 1 ORDER BY 1 DESC LIMIT $most;
        """;

    public static SavingsReport Read(SqliteConnection connection, SavingsWindow window, DateTimeOffset now)
    {
        var from = window.From(now);
        var oldest = now - (window.Length ?? now - DateTimeOffset.UnixEpoch);
        var sums = Sql.List(
            connection, Sums, row => (Model: row.GetString(0), Template: row.GetString(1), Result: row.GetString(2), Sum: SumOf(row)),
            ("$from", from));
        var times = Sql.List(
            connection, Times,
            row => (Model: row.GetString(0), Template: row.GetString(1), Result: row.GetString(2), Seconds: row.GetDouble(3)),
            ("$from", oldest.ToUnixTimeMilliseconds()), ("$most", MostTimes));
        var first = Sql.Number(connection, "SELECT MIN(bucket) FROM sums");
        var step = window.Length is null && HistoryTables.BucketOf(now) - first < 3 * window.Step ? SavingsWindow.Day.Step : window.Step;
        return new SavingsReport
        {
            Window = window,
            Saved = SavingsWindow.Each.ToDictionary(one => one.Name, one => SavedSince(connection, one.From(now))),
            Since = first == 0 ? null : TimeOf(first),
            Total = new(
                "", sums.Aggregate(default(SavingsSum), (sum, row) => sum + row.Sum), Percentiles.Of(times.Select(row => row.Seconds))),
            Results = Groups(sums.Select(row => (row.Result, row.Sum)), times.Select(row => (row.Result, row.Seconds))),
            Models = Groups(sums.Select(row => (row.Model, row.Sum)), times.Select(row => (row.Model, row.Seconds))),
            Templates = Groups(sums.Select(row => (row.Template, row.Sum)), times.Select(row => (row.Template, row.Seconds))),
            ColumnSeconds = step * HistoryTables.Bucket,
            Columns = Columns(connection, from, step),
        };
    }

    private static List<SavingsGroup> Groups(
        IEnumerable<(string Name, SavingsSum Sum)> sums, IEnumerable<(string Name, double Seconds)> times)
    {
        var timesOf = times.ToLookup(row => row.Name, row => row.Seconds, StringComparer.Ordinal);
        return
        [
            .. sums.GroupBy(row => row.Name, StringComparer.Ordinal)
                .Select(group => new SavingsGroup(
                    group.Key, group.Aggregate(default(SavingsSum), (sum, row) => sum + row.Sum), Percentiles.Of(timesOf[group.Key])))
                .OrderByDescending(group => group.Sum.Saved)
                .ThenBy(group => group.Name, StringComparer.Ordinal),
        ];
    }

    private static List<SavingsColumn> Columns(SqliteConnection connection, long from, int step)
    {
        var newest = Sql.List(
            connection, Series, row => new SavingsColumn(TimeOf(row.GetInt64(0)), SumOf(row)),
            ("$from", from), ("$step", step), ("$most", MostColumns));
        newest.Reverse();
        return newest;
    }

    private static double SavedSince(SqliteConnection connection, long from) =>
        Sql.List(connection, "SELECT IFNULL(SUM(saved), 0.0) FROM sums WHERE bucket >= $from", row => row.GetDouble(0), ("$from", from))[0];

    private static SavingsSum SumOf(SqliteDataReader row) =>
        new(row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.GetDouble(7));

    private static DateTimeOffset TimeOf(long bucket) => DateTimeOffset.FromUnixTimeSeconds(bucket * HistoryTables.Bucket);
}
