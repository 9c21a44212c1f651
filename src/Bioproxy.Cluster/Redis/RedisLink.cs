using System.Globalization;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Bioproxy.Cluster.Redis;

/// <summary>The connection to Redis, the same for everything, and whether Redis can be reached now.</summary>
internal sealed class RedisLink : IAsyncDisposable
{
    private static readonly TimeSpan _pingLimit = TimeSpan.FromSeconds(3);

    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _connecting = new(1);
    private readonly string _address;
    private ConnectionMultiplexer? _connection;

    public RedisLink(string connection, TimeProvider time, ILogger log)
    {
        _time = time;
        _log = log;
        Configuration = ConfigurationOptions.Parse(connection);
        Configuration.AbortOnConnectFail = false;
        Configuration.ConnectTimeout = 2000;
        Configuration.AsyncTimeout = 2000;
        Configuration.SyncTimeout = 2000;
        Configuration.ConnectRetry = 1;
        Configuration.ReconnectRetryPolicy = new LinearRetry(1000);

        // A command that cannot be sent fails at once: its caller tries again or goes on without.
        Configuration.BacklogPolicy = BacklogPolicy.FailFast;
        _address = string.Join(", ", Configuration.EndPoints.Select(static endpoint => Format(endpoint)));
    }

    public ConfigurationOptions Configuration { get; }

    /// <summary>Since when and why Redis cannot be reached; null while it can.</summary>
    public string? Problem { get; private set; }

    /// <summary>What is to be done first when Redis can be reached again, because it may have lost its data.</summary>
    public Func<Task>? Returned { get; set; }

    public async Task<IConnectionMultiplexer> ConnectAsync()
    {
        await _connecting.WaitAsync();
        try
        {
            return _connection ??= await ConnectionMultiplexer.ConnectAsync(Configuration);
        }
        finally
        {
            _connecting.Release();
        }
    }

    /// <summary>Asks Redis for a sign of life, and sets <see cref="Problem"/>.</summary>
    public async Task<bool> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            var connection = await ConnectAsync().WaitAsync(_pingLimit, _time, cancellationToken);
            await connection.GetDatabase().PingAsync().WaitAsync(_pingLimit, _time, cancellationToken);
            if (Problem is null) return true;
            if (Returned is { } returned) await returned();
            Problem = null;
            _log.RedisBack(_address);
            return true;
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            if (Problem is not null) return false;
            var since = _time.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
            Problem = $"Redis at {_address} cannot be reached since {since}: {FirstLine(error)}";
            _log.RedisLost(Problem);
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
    }

    private static string Format(System.Net.EndPoint endpoint) =>
        endpoint is System.Net.DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : endpoint.ToString() ?? "";

    /// <summary>The client's messages carry a page of counters.</summary>
    private static string FirstLine(Exception error)
    {
        if (error is TimeoutException) return "no answer";
        var text = error.Message.AsSpan();
        var end = text.IndexOfAny(",;\r\n");
        return (end < 0 ? text : text[..end]).ToString();
    }
}
