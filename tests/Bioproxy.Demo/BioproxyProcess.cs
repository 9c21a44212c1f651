using System.Text.Json.Nodes;
using Bioproxy.Doubles;

namespace Bioproxy.Demo;

/// <summary>The built program with a configuration of its own.</summary>
internal sealed class BioproxyProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly ServerProcess _process;

    private BioproxyProcess(ServerProcess process, Uri address, Uri admin)
    {
        _process = process;
        Address = address;
        Admin = admin;
    }

    public Uri Address { get; }

    public Uri Admin { get; }

    public bool HasExited => _process.HasExited;

    public string Log => _process.Log.ToString();

    /// <param name="folder">For its configuration and its state.</param>
    /// <param name="configuration">What it is for; ports and state are added.</param>
    /// <param name="ports">Of proxy and admin; 0 takes a free one.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<BioproxyProcess> StartAsync(
        DirectoryInfo folder, JsonObject configuration, (int Proxy, int Admin) ports, CancellationToken cancellationToken)
    {
        var proxyPort = ports.Proxy == 0 ? FreePort.Next() : ports.Proxy;
        var adminPort = ports.Admin == 0 ? FreePort.Next() : ports.Admin;
        configuration["proxy_host"] = "127.0.0.1";
        configuration["proxy_port"] = proxyPort;
        configuration["admin_host"] = "127.0.0.1";
        configuration["admin_port"] = adminPort;
        configuration["health_check_interval"] = 0.5;
        configuration["state_directory"] = "state";
        var config = Path.Combine(folder.FullName, "config.json");
        await File.WriteAllTextAsync(config, configuration.ToJsonString(), cancellationToken);

        ForgetSurroundings();
        var process = ServerProcess.Start(Program(), ["--config", config]);
        var proxy = new BioproxyProcess(process, new Uri($"http://127.0.0.1:{proxyPort}/"), new Uri($"http://127.0.0.1:{adminPort}/"));
        try
        {
            await proxy.UntilAsync(_ => true, StartLimit, "bioproxy did not start", cancellationToken);
            return proxy;
        }
        catch (InvalidOperationException exception)
        {
            await process.DisposeAsync();
            throw new InvalidOperationException($"{exception.Message}\n{process.Log}");
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks the admin port for the status until it is as wanted.</summary>
    /// <exception cref="InvalidOperationException">It was not in time, or the proxy has ended.</exception>
    public async Task<JsonNode> UntilAsync(
        Func<JsonNode, bool> condition, TimeSpan limit, string otherwise, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        try
        {
            while (true)
            {
                if (HasExited)
                    throw new InvalidOperationException($"{otherwise}: bioproxy has ended.");
                if (await ChatClient.TryGetAsync(new Uri(Admin, "/status"), timeout.Token) is { } status && condition(status))
                    return status;
                await Task.Delay(Pause, timeout.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InvalidOperationException($"{otherwise} (waited {limit.TotalSeconds:0} s).");
        }
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _process.KillAsync();

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    /// <summary>Built together with this program, so in the same configuration.</summary>
    private static string Program()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(RepositoryFolder.Root!, "src", "Bioproxy.Host", "bin", own.Parent!.Name, own.Name,
            OperatingSystem.IsWindows() ? "bioproxy.exe" : "bioproxy");
        return File.Exists(program)
            ? program
            : throw new InvalidOperationException($"{program} is missing: start scripts/demo.sh, which builds it.");
    }

    private static void ForgetSurroundings()
    {
        // The demo's configuration is complete; the reader's own settings must not reach into it.
        foreach (var name in Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(
            name => name.StartsWith("BIOPROXY_", StringComparison.Ordinal)).ToList())
            Environment.SetEnvironmentVariable(name, null);

        // An SDK that was unpacked somewhere is found by the dotnet command, but not by a program it built.
        if (Environment.ProcessPath is { } dotnet && Path.GetFileNameWithoutExtension(dotnet) == "dotnet")
            Environment.SetEnvironmentVariable("DOTNET_ROOT", Path.GetDirectoryName(dotnet));
    }
}
