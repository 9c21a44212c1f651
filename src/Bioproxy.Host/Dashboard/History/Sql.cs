using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Bioproxy.Host.Dashboard.History;

/// <summary>Short forms of database calls. All SQL is constant; values are parameters.</summary>
internal static class Sql
{
    public static void Run(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var command = Command(connection, sql, values);
        command.ExecuteNonQuery();
    }

    public static long Number(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var command = Command(connection, sql, values);
        return command.ExecuteScalar() is long number ? number : 0;
    }

    public static List<T> List<T>(
        SqliteConnection connection, string sql, Func<SqliteDataReader, T> row, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var command = Command(connection, sql, values);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(row(reader));
        return rows;
    }

    public static string? TextOrNull(this SqliteDataReader reader, int at) => reader.IsDBNull(at) ? null : reader.GetString(at);

    public static int? NumberOrNull(this SqliteDataReader reader, int at) => reader.IsDBNull(at) ? null : reader.GetInt32(at);

    [SuppressMessage("Security", "CA2100:Review SQL queries for security vulnerabilities", Justification = "All callers pass constants.")]
    private static SqliteCommand Command(
        SqliteConnection connection, string sql, ReadOnlySpan<(string Name, object? Value)> values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }
}
