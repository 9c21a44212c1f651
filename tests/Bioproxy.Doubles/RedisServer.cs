namespace Bioproxy.Doubles;

/// <summary>A Redis that forgets everything when it is killed.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bioproxy-redis-").FullName;
    private readonly int _port = FreePort.Next();
    private ServerProcess? _process;

    /// <summary>The program; null where there is none.</summary>
    public static string? Program { get; } = Find();

    public string Address => $"127.0.0.1:{_port}";

    public bool IsRunning => _process is { HasExited: false };

    public async Task StartAsync()
    {
        string[] arguments = ["--port", $"{_port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _folder];
        _process = ServerProcess.Start(Program!, arguments);
        await _process.Log.WhenWrittenAsync("Ready to accept connections").DefaultTimeout();
    }

    public Task KillAsync() => _process!.KillAsync();

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("BIOPROXY_REDIS") is { Length: > 0 } configured) return configured;
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(static folder => Path.Combine(folder, "redis-server")).FirstOrDefault(File.Exists);
    }
}
