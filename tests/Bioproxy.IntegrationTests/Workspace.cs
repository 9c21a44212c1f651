using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// The folders of one test, with the servers and proxies that use them: everything that outlives a restart is here. On disposal the logs go
/// to the test's output, which is shown when it fails.
/// </summary>
internal sealed class Workspace : IAsyncDisposable
{
    private readonly ITestOutputHelper _output;
    private readonly string _root = Directory.CreateTempSubdirectory("bioproxy-test-").FullName;
    private readonly List<(string Prefix, string File)> _prefixes = [];
    private readonly List<LlamaServer> _servers = [];
    private (TinyArchitecture Architecture, int Seed, TinySize Size) _model;
    private readonly List<TestProxy> _proxies = [];

    public Workspace(ITestOutputHelper output)
    {
        _output = output;
        Directory.CreateDirectory(Slots);
        Directory.CreateDirectory(Templates);
    }

    /// <summary>Where the server keeps saved slots.</summary>
    public string Slots => Path.Combine(_root, "slots");

    public string Templates => Path.Combine(_root, "templates");

    /// <summary>The path of the model that <see cref="UseModel"/> chose.</summary>
    public string ModelPath => Path.Combine(_root, "model.gguf");

    public string ConfigFile => Path.Combine(_root, "config.json");

    public string PathOf(string name) => Path.Combine(_root, name);

    /// <summary>Puts a model at <see cref="ModelPath"/>: the name stays the same when the weights change.</summary>
    public void UseModel(TinyArchitecture architecture = TinyArchitecture.Llama, int seed = 1, TinySize size = TinySize.Small)
    {
        _model = (architecture, seed, size);

        // Renamed into place: a server that still has the old file mapped keeps it.
        File.Copy(TinyModel.Ensure(architecture, seed, size), ModelPath + ".new", overwrite: true);
        File.Move(ModelPath + ".new", ModelPath, overwrite: true);
    }

    /// <summary>Writes a template behind a trigger, for proxies started from now on.</summary>
    public string AddTemplate(string prefix, string text)
    {
        var file = Path.Combine(Templates, prefix.TrimStart('@') + ".txt");
        File.WriteAllText(file, text);
        _prefixes.Add((prefix, file));
        return file;
    }

    /// <summary>The options of a server with <see cref="ModelPath"/> that can save slots.</summary>
    public LlamaServerOptions ServerOptions(int? parallel) => new()
    {
        ModelPath = ModelPath,
        SlotSavePath = Slots,
        Parallel = parallel,
        Threads = 1,
    };

    public async Task<LlamaServer> StartServerAsync(LlamaServerOptions options) =>
        Remember(await LlamaServer.StartAsync(options, CancellationToken.None).DefaultTimeout());

    /// <summary>SIGKILL, then a server at the same address.</summary>
    /// <param name="server">The server that ends.</param>
    /// <param name="between">What happens while no server runs.</param>
    public async Task<LlamaServer> RestartAsync(LlamaServer server, Action? between = null)
    {
        await server.KillAsync().DefaultTimeout();
        between?.Invoke();
        return Remember(await server.RestartAsync().DefaultTimeout());
    }

    /// <summary>Starts the proxy; the next one finds its state.</summary>
    public Task<TestProxy> StartProxyAsync(LlamaServer server, Func<ProxyOptions, ProxyOptions>? change = null) =>
        StartProxyAsync(server.BaseAddress, change);

    /// <summary>Starts the proxy for a server that is reached at this address.</summary>
    public async Task<TestProxy> StartProxyAsync(Uri backend, Func<ProxyOptions, ProxyOptions>? change = null)
    {
        WriteConfig(backend);

        // Checks the backend more often than the configuration allows, so that no test waits for the interval.
        var options = TestProxy.Load(ConfigFile) with { HealthCheckInterval = TimeSpan.FromMilliseconds(200) };
        var proxy = await TestProxy.StartAsync(change?.Invoke(options) ?? options);
        _proxies.Add(proxy);
        return proxy;
    }

    /// <summary>Writes <see cref="ConfigFile"/>.</summary>
    /// <param name="backend">The backend's address.</param>
    /// <param name="more">Keys that are added or replaced.</param>
    public void WriteConfig(Uri backend, JsonObject? more = null)
    {
        var config = new JsonObject
        {
            ["proxy_port"] = 0,
            ["admin_port"] = 0,
            ["backend_url"] = backend.ToString(),
            ["warmup_check_interval"] = 1,
            ["state_directory"] = "state",
            ["plugin_directories"] = new JsonArray(HostOutput.Plugins),
            ["prefixes"] = new JsonObject(_prefixes.Select(prefix => KeyValuePair.Create(prefix.Prefix, (JsonNode?)prefix.File))),
        };
        foreach (var (key, value) in more ?? [])
            config[key] = value?.DeepClone();
        File.WriteAllText(ConfigFile, config.ToJsonString());
    }

    /// <summary>
    /// What the model that is at <see cref="ModelPath"/> now answers to these messages when it computes them from the first token.
    /// </summary>
    public async Task<FirstToken> ColdAsync(params (string Role, string Content)[] messages)
    {
        var reference = await ReferenceServer.OfAsync(_model.Architecture, _model.Seed, _model.Size);
        return await reference.FirstTokenAsync(messages);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            foreach (var proxy in _proxies)
                await proxy.DisposeAsync();
        }
        finally
        {
            foreach (var proxy in _proxies)
                _output.WriteLine($"---- proxy\n{string.Join('\n', proxy.Log.Lines)}");
            foreach (var server in _servers)
            {
                _output.WriteLine($"---- server\n{server.Log}");
                await server.DisposeAsync();
            }

            Directory.Delete(_root, recursive: true);
        }
    }

    private LlamaServer Remember(LlamaServer server)
    {
        _servers.Add(server);
        return server;
    }
}
