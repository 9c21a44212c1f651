using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>A pool with real llama-servers, its folders and its log.</summary>
internal sealed class PoolStage : IPoolUse, IAsyncDisposable
{
    private readonly ITestOutputHelper _output;
    private readonly string _root = Directory.CreateTempSubdirectory("bioproxy-pool-").FullName;
    private readonly LoggerFactory _loggers;
    private readonly ModelProcessFactory _factory;

    private PoolStage(ITestOutputHelper output, Func<string, PoolOptions> options)
    {
        _output = output;
        _loggers = new LoggerFactory([Log], new LoggerFilterOptions { MinLevel = LogLevel.Trace });
        Folders = new PoolFolders(Path.Combine(_root, "children"), Path.Combine(_root, "slots"), _root);
        var gpus = new GpuChooser("/nowhere/nvidia-smi", TimeProvider.System, _loggers.CreateLogger<GpuChooser>());
        var chosen = options(_root);
        _factory = new ModelProcessFactory(chosen, Folders, gpus, TimeProvider.System, _loggers.CreateLogger<ModelProcess>());
        Pool = new ModelPool(
            chosen,
            new PoolRules(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30)),
            _factory,
            this,
            TimeProvider.System,
            _loggers.CreateLogger<ModelPool>());
    }

    public CollectedLog Log { get; } = new();

    public PoolFolders Folders { get; }

    public ModelPool Pool { get; }

    /// <summary>Runs before a model is stopped.</summary>
    public Func<string, Task> OnSave { get; set; } = _ => Task.CompletedTask;

    /// <summary>Models with the same weights under these names, at most one of them loaded.</summary>
    public static async Task<PoolStage> OpenAsync(ITestOutputHelper output, params string[] models)
    {
        var server = await LlamaServerBinary.RequireAsync();
        var file = TinyModel.Ensure(TinyArchitecture.Llama, seed: 1, TinySize.Tiny);
        var command = $"'{server}' -m '{file}' --port ${{port}} -c 2048 -t 1 --slot-save-path ${{slots}}";
        return Open(output, models.Select(name => (name, command)));
    }

    public static PoolStage Open(ITestOutputHelper output, IEnumerable<(string Name, string Command)> models) => new(
        output,
        home => new PoolOptions
        {
            Models =
            [
                .. models.Select(model => new PoolModelOptions(model.Name) { Command = CommandLineText.Split(model.Command, home).Words }),
            ],
            MaxLoaded = 1,
            MinLoaded = TimeSpan.Zero,
            Ports = SomePorts(),
            StartLimit = TimeSpan.FromSeconds(60),
        });

    public async Task<PoolLease> LeaseAsync(string model)
    {
        var result = await Pool.EnsureLoadedAsync(model, CancellationToken.None).DefaultTimeout();
        Assert.True(result.Failure is null, result.Failure?.Message);
        return result.Lease!;
    }

    public PoolModelStatus Status(string model) => Pool.Status.Single(status => status.Name == model);

    /// <summary>The recorded process of a loaded model.</summary>
    public int ProcessOf(string model) =>
        ChildFile.All(Folders.Children).Select(child => child.Record!).Single(record => record.Model == model).Child.Id;

    public static async Task<bool> IsHealthyAsync(Uri address)
    {
        using var client = new HttpClient();
        using var response = await client.GetAsync(new Uri(address, "health")).DefaultTimeout();
        return response.IsSuccessStatusCode;
    }

    bool IPoolUse.IsBusy(string name) => false;

    Task IPoolUse.SaveBeforeUnloadAsync(string name, TimeSpan limit, CancellationToken cancellationToken) => OnSave(name);

    public async ValueTask DisposeAsync()
    {
        await Pool.DisposeAsync().DefaultTimeout();
        _output.WriteLine(string.Join('\n', Log.Lines));
        Assert.Empty(Directory.Exists(Folders.Children) ? Directory.GetFiles(Folders.Children) : []);
        _factory.Dispose();
        _loggers.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    /// <summary>Ten ports that no other test is likely to use.</summary>
    public static PortRange SomePorts()
    {
        var first = FreePort.Next(10);
        return new PortRange(first, first + 9);
    }
}
