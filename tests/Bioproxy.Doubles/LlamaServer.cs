namespace Bioproxy.Doubles;

/// <summary>A real llama-server on a loopback port, alive until disposed.</summary>
internal sealed class LlamaServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly LlamaServerOptions _options;
    private readonly ServerProcess _process;

    private LlamaServer(LlamaServerOptions options, int port, ServerProcess process)
    {
        _options = options;
        _process = process;
        Port = port;
        BaseAddress = new Uri($"http://127.0.0.1:{port}/");

        // The server closes an idle connection after five seconds.
        var handler = new SocketsHttpHandler { UseProxy = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(3) };
        Client = new HttpClient(handler) { BaseAddress = BaseAddress, Timeout = TimeSpan.FromMinutes(5) };
    }

    public Uri BaseAddress { get; }

    public int Port { get; }

    public int ProcessId => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Talks to <see cref="BaseAddress"/>.</summary>
    public HttpClient Client { get; }

    /// <summary>The last lines the server wrote.</summary>
    public string Log => _process.Log.ToString();

    /// <summary>Starts a server and waits until it is healthy.</summary>
    /// <exception cref="InvalidOperationException">There is no llama-server, or it ended or was not healthy in time; the message holds its
    /// log.</exception>
    public static async Task<LlamaServer> StartAsync(LlamaServerOptions options, CancellationToken cancellationToken)
    {
        var program = await LlamaServerBinary.RequireAsync();
        if (options.SlotSavePath is not null)
            Directory.CreateDirectory(options.SlotSavePath);

        // Another process may take a free port before the server does: then another one.
        for (var attempt = 1; ; attempt++)
        {
            var port = options.Port == 0 ? FreePort.Next() : options.Port;
            var process = ServerProcess.Start(program, options.Arguments(port));
            var server = new LlamaServer(options, port, process);
            try
            {
                await server.WaitUntilHealthyAsync(cancellationToken);
                return server;
            }
            catch (Exception exception)
            {
                await server.DisposeAsync();
                if (exception is OperationCanceledException || options.Port != 0 || attempt == 3 || !server.Log.Contains(
                    "bind", StringComparison.Ordinal))
                    throw;
            }
        }
    }

    /// <summary>SIGKILL: no connection is closed in an orderly way.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>SIGTERM, and SIGKILL after a limit.</summary>
    public Task StopAsync() => _process.StopAsync();

    /// <summary>Ends this server and starts one at the same address, with the same or other options. This object is disposed.</summary>
    public async Task<LlamaServer> RestartAsync(LlamaServerOptions? options = null, CancellationToken cancellationToken = default)
    {
        await DisposeAsync();
        return await StartAsync((options ?? _options) with { Port = Port }, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Client.Dispose();
    }

    /// <summary>
    /// Its own log line, not the health endpoint: that may be answered by another program that has taken the port. The line comes once the
    /// model is loaded.
    /// </summary>
    private async Task WaitUntilHealthyAsync(CancellationToken cancellationToken)
    {
        var listening = _process.Log.WhenWrittenAsync("listening on http");
        var ended = _process.WaitForExitAsync();
        try
        {
            await Task.WhenAny(listening, ended).WaitAsync(StartLimit, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"llama-server was not ready after {StartLimit}:\n{Log}");
        }

        if (!listening.IsCompleted)
            throw new InvalidOperationException($"llama-server ended while starting:\n{Log}");
        await Eventually.TrueAsync(() => IsHealthyAsync(cancellationToken), StartLimit, "llama-server is healthy");
    }

    private async Task<bool> IsHealthyAsync(CancellationToken cancellationToken)
    {
        if (_process.HasExited)
            throw new InvalidOperationException($"llama-server ended while starting:\n{Log}");
        try
        {
            using var response = await Client.GetAsync(new Uri("/health", UriKind.Relative), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
