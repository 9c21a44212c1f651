namespace Bioproxy.Host.Dashboard.History;

/// <summary>What is in the file: the last requests one by one, and sums over all of them that stay when they go.</summary>
internal static class HistoryTables
{
    /// <summary>Seconds that are summed up in one row.</summary>
    public const int Bucket = 300;

    /// <summary>A file of another version is left alone.</summary>
    public const long Version = 1;

    public const string Create = """
        CREATE TABLE IF NOT EXISTS requests (
          number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, id TEXT NOT NULL, route TEXT NOT NULL, lane TEXT NOT NULL,
          client TEXT NOT NULL, backend TEXT NOT NULL, model TEXT NOT NULL, template TEXT, conversation TEXT, status INTEGER NOT NULL,
          error TEXT, result TEXT, stream INTEGER NOT NULL, cached INTEGER, computed INTEGER, generated INTEGER, waited REAL NOT NULL,
          first_token REAL, seconds REAL NOT NULL, saved REAL NOT NULL);
        CREATE INDEX IF NOT EXISTS requests_at ON requests (at);
        CREATE TABLE IF NOT EXISTS sums (
          bucket INTEGER NOT NULL, model TEXT NOT NULL, template TEXT NOT NULL, result TEXT NOT NULL, requests INTEGER NOT NULL,
          cached INTEGER NOT NULL, computed INTEGER NOT NULL, generated INTEGER NOT NULL, saved REAL NOT NULL,
          PRIMARY KEY (bucket, model, template, result)) WITHOUT ROWID;
        PRAGMA user_version = 1;
        """;

    public const string InsertRequest = """
        INSERT INTO requests (at, id, route, lane, client, backend, model, template, conversation, status, error, result, stream, cached,
          computed, generated, waited, first_token, seconds, saved)
        VALUES ($at, $id, $route, $lane, $client, $backend, $model, $template, $conversation, $status, $error, $result, $stream, $cached,
          $computed, $generated, $waited, $first_token, $seconds, $saved);
        """;

    public const string AddToSums = """
        INSERT INTO sums (bucket, model, template, result, requests, cached, computed, generated, saved)
        VALUES ($bucket, $model, $template, $result, 1, $cached, $computed, $generated, $saved)
        ON CONFLICT DO UPDATE SET requests = requests + 1, cached = cached + excluded.cached, computed = computed + excluded.computed,
          generated = generated + excluded.generated, saved = saved + excluded.saved;
        """;

    public const string LastRequests = """
        SELECT at, id, route, lane, client, backend, model, template, conversation, status, error, result, stream, cached, computed,
          generated, waited, first_token, seconds, saved
        FROM (SELECT * FROM requests ORDER BY number DESC LIMIT $count) ORDER BY number;
        """;

    /// <summary>Sums of old buckets become those of a coarser one.</summary>
    public const string Merge = """
        INSERT INTO sums (bucket, model, template, result, requests, cached, computed, generated, saved)
        SELECT bucket / $step * $step, model, template, result, SUM(requests), SUM(cached), SUM(computed), SUM(generated), SUM(saved)
        FROM sums WHERE bucket < $before AND bucket % $step <> 0 GROUP BY 1, 2, 3, 4
        ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, cached = cached + excluded.cached,
          computed = computed + excluded.computed, generated = generated + excluded.generated, saved = saved + excluded.saved;
        DELETE FROM sums WHERE bucket < $before AND bucket % $step <> 0;
        """;

    public static long BucketOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / Bucket;
}
