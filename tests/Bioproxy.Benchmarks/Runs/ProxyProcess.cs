using System.Text.Json.Nodes;
using Bioproxy.Doubles;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>The built program as users start it, with the default settings apart from ports and paths; its log goes to a file.</summary>
internal sealed class ProxyProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder;
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false });

    private ProxyProcess(DirectoryInfo folder, ChildProcess process, int port, int adminPort)
    {
        _folder = folder;
        Process = process;
        Port = port;
        Admin = new Uri($"http://127.0.0.1:{adminPort}/");
    }

    public ChildProcess Process { get; }

    public int Port { get; }

    public Uri Admin { get; }

    public string Log => File.ReadAllText(Path.Combine(_folder.FullName, "run", "log"));

    /// <summary>Starts it and waits until it listens.</summary>
    /// <param name="backend">The backend's port.</param>
    /// <param name="template">The text of the template behind <c>@code</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="settings">Further members of the configuration; null for the defaults.</param>
    public static Task<ProxyProcess> StartAsync(
        int backend, string template, CancellationToken cancellationToken, JsonObject? settings = null) =>
        StartAsync([backend], template, cancellationToken, settings);

    /// <inheritdoc cref="StartAsync(int, string, CancellationToken, JsonObject)"/>
    public static async Task<ProxyProcess> StartAsync(
        IReadOnlyList<int> backends, string template, CancellationToken cancellationToken, JsonObject? settings = null)
    {
        var folder = Directory.CreateTempSubdirectory("bioproxy-bench-");
        var port = FreePort.Next();
        var adminPort = FreePort.Next();
        var config = new JsonObject
        {
            ["proxy_host"] = "127.0.0.1",
            ["proxy_port"] = port,
            ["admin_host"] = "127.0.0.1",
            ["admin_port"] = adminPort,
            ["prefixes"] = new JsonObject { ["@code"] = "code.txt" },
            ["state_directory"] = "state",
        };
        foreach (var (key, value) in settings ?? [])
            config[key] = value?.DeepClone();
        if (backends is [var only])
            config["backend_url"] = $"http://127.0.0.1:{only}";
        else
            config["backends"] = new JsonObject(backends.Select(static port => KeyValuePair.Create(
                $"b{port}", (JsonNode?)new JsonObject { ["url"] = $"http://127.0.0.1:{port}" })));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "config.json"), config.ToJsonString(), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "code.txt"), template, cancellationToken);
        folder.CreateSubdirectory("run"); // not beside the templates: that folder is watched
        ForgetSurroundings();

        // A shell, because only it can send the output to a file; exec, so that its process is the program's.
        var process = ChildProcess.Start(
            "/bin/sh", ["-c", "exec \"$0\" --config \"$1/config.json\" > \"$1/run/log\" 2>&1", Program(), folder.FullName]);
        var proxy = new ProxyProcess(folder, process, port, adminPort);
        try
        {
            await process.UntilListeningAsync(port, cancellationToken);
            await process.UntilListeningAsync(adminPort, cancellationToken);
            return proxy;
        }
        catch (InvalidOperationException e)
        {
            var log = proxy.Log;
            await proxy.DisposeAsync();
            throw new InvalidOperationException($"bioproxy did not start: {e.Message}\n{log}");
        }
        catch
        {
            await proxy.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until <c>/status</c> meets a condition.</summary>
    public async Task<JsonNode> UntilAsync(Func<JsonNode, bool> condition, string otherwise, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReadyLimit);
        try
        {
            while (true)
            {
                var status = JsonNode.Parse(await _client.GetStringAsync(new Uri(Admin, "status"), limit.Token))!;
                if (condition(status))
                    return status;
                await Task.Delay(50, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InvalidOperationException($"{otherwise}\n{Log}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _client.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>Built together with this program, so in the same configuration.</summary>
    public static string Program()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(RepositoryFolder.Root!, "src", "Bioproxy.Host", "bin", own.Parent!.Name, own.Name, "bioproxy");
        return File.Exists(program)
            ? program
            : throw new InvalidOperationException("bioproxy is not built: start scripts/bench.sh, which builds it.");
    }

    private static void ForgetSurroundings()
    {
        foreach (var name in Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(
            name => name.StartsWith("BIOPROXY_", StringComparison.Ordinal) && name != "BIOPROXY_TOOLS").ToList())
            Environment.SetEnvironmentVariable(name, null);

        // An SDK that was unpacked somewhere is found by the dotnet command, but not by a program it built.
        if (Environment.ProcessPath is { } dotnet && Path.GetFileNameWithoutExtension(dotnet) == "dotnet")
            Environment.SetEnvironmentVariable("DOTNET_ROOT", Path.GetDirectoryName(dotnet));
    }
}
