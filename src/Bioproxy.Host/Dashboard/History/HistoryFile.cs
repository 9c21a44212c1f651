using Microsoft.Data.Sqlite;

namespace Bioproxy.Host.Dashboard.History;

/// <summary>The open database, used by one thread at a time. Its calls block: never on the path of a request.</summary>
internal sealed class HistoryFile : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SqliteConnection _connection;

    private HistoryFile(SqliteConnection connection, bool lasts) => (_connection, Lasts) = (connection, lasts);

    /// <summary>It is a file, and not only memory.</summary>
    public bool Lasts { get; }

    /// <exception cref="SqliteException">The file cannot be used.</exception>
    /// <exception cref="IOException">The file cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be created.</exception>
    public static HistoryFile Open(string path)
    {
        if (!File.Exists(path))
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            new FileStream(path, options).Dispose();
        }

        return Open(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 2 }, lasts: true);
    }

    /// <summary>Works like a file, and is gone with the process.</summary>
    public static HistoryFile InMemory() =>
        Open(new SqliteConnectionStringBuilder { DataSource = ":memory:", Pooling = false }, lasts: false);

    public T Read<T>(Func<SqliteConnection, T> read)
    {
        lock (_lock)
            return read(_connection);
    }

    /// <summary>Does everything or nothing of it.</summary>
    public void Write(Action<SqliteConnection> write)
    {
        lock (_lock)
        {
            using var transaction = _connection.BeginTransaction();
            write(_connection);
            transaction.Commit();
        }
    }

    public void Dispose()
    {
        lock (_lock)
            _connection.Dispose();
    }

    private static HistoryFile Open(SqliteConnectionStringBuilder how, bool lasts)
    {
        var connection = new SqliteConnection(how.ToString());
        try
        {
            connection.Open();
            if (Sql.Number(connection, "PRAGMA user_version") is not (0 or HistoryTables.Version))
                throw new SqliteException("a newer version of Bioproxy has made it", SqliteErrorCode);
            Sql.Run(connection, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
            Sql.Run(connection, HistoryTables.Create);
            return new HistoryFile(connection, lasts);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>SQLITE_ERROR.</summary>
    private const int SqliteErrorCode = 1;
}
