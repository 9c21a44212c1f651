using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests.Soak;

/// <summary>A real llama-server, two models of a pool with room for one, a template and a plugin, and the program in front.</summary>
internal sealed class SoakStage : IAsyncDisposable
{
    public const string Main = "main";

    private readonly Workspace _workspace;
    private readonly PluginFolder _plugins = new();
    private readonly JsonObject _pool;
    private LlamaServer _server;
    private int _generation;

    private SoakStage(Workspace workspace, LlamaServer server, JsonObject pool) => (_workspace, _server, _pool) = (workspace, server, pool);

    /// <summary>The names that clients may ask for.</summary>
    public static IReadOnlyList<string> Models { get; } = [Main, Main, Main, "a", "b"];

    public BioproxyRun Proxy { get; private set; } = null!;

    public static async Task<SoakStage> StartAsync(ITestOutputHelper output)
    {
        var workspace = new Workspace(output);
        workspace.UseModel(size: TinySize.Tiny);
        var binary = await LlamaServerBinary.RequireAsync();
        var ports = PoolStage.SomePorts();
        var models = new JsonObject();
        foreach (var (seed, name) in new[] { (2, "a"), (3, "b") })
        {
            var file = TinyModel.Ensure(TinyArchitecture.Llama, seed, TinySize.Tiny);
            models[name] =
                $"'{binary}' -m '{file}' --port {CommandLineText.Port} --slot-save-path {CommandLineText.Slots} -c 4096 -np 2 -t 1";
        }

        var pool = new JsonObject
        {
            ["models"] = new JsonObject(models.Select(model => KeyValuePair.Create(
                model.Key, (JsonNode?)new JsonObject { ["command"] = model.Value!.DeepClone() }))),
            ["max_loaded"] = 1,
            ["min_loaded_seconds"] = 0,
            ["ports"] = $"{ports.First}-{ports.Last}",
        };
        var stage = new SoakStage(workspace, await workspace.StartServerAsync(workspace.ServerOptions(parallel: 2)), pool);
        stage.ChangeTemplate();
        stage.SwapPlugin();
        stage.WriteConfiguration();
        stage.Proxy = await BioproxyRun.StartAsync(workspace.ConfigFile, output);
        return stage;
    }

    public async Task RestartServerAsync() => _server = await _workspace.RestartAsync(_server);

    /// <summary>One key changes that can, and one that needs a restart, which is only said.</summary>
    public void WriteConfiguration()
    {
        _generation++;
        _workspace.WriteConfig(_server.BaseAddress, new JsonObject
        {
            ["pool"] = _pool.DeepClone(),
            ["models"] = new JsonObject
            {
                [Main] = Served("default", $"alias-{_generation % 5}"),
                ["a"] = Served("a"),
                ["b"] = Served("b"),
            },
            ["prefixes"] = new JsonObject { ["@code"] = _workspace.PathOf("code.txt") },
            ["template_roots"] = new JsonArray(_workspace.PathOf(_generation % 2 == 0 ? "slots" : "templates")),
            ["plugin_directories"] = new JsonArray(_plugins.Root),
            ["plugin_check_seconds"] = 1,
            ["kv"] = new JsonObject { ["directory"] = _workspace.Slots, ["min_tokens"] = 64, ["max_bytes"] = "64 MiB" },
        });
    }

    /// <summary>A mistake, which keeps the configuration before.</summary>
    public void BreakConfiguration() => File.WriteAllText(_workspace.ConfigFile, "{ \"proxy_prot\": 1 }");

    public void ChangeTemplate() => File.WriteAllText(_workspace.PathOf("code.txt"), TemplateText.Of(++_generation % 4, 300));

    public void SwapPlugin() =>
        _plugins.Swap($"tests/Fixtures/Bioproxy.Fixtures.Versioned{1 + (++_generation % 2)}", "Bioproxy.Fixtures.Versioned");

    private static JsonObject Served(string backend, params string[] aliases) => new()
    {
        ["use"] = new JsonArray(backend),
        ["aliases"] = new JsonArray([.. aliases.Select(static alias => (JsonNode?)alias)]),
    };

    public async ValueTask DisposeAsync()
    {
        if (Proxy is not null)
            await Proxy.DisposeAsync();
        await _workspace.DisposeAsync();
        _plugins.Dispose();
    }
}
