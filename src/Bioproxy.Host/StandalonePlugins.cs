using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Host;

/// <summary>Loads plugins without a running proxy. Their data folders are temporary: a check must not change what a proxy keeps.</summary>
internal sealed class StandalonePlugins : IDisposable
{
    private readonly string _state = Directory.CreateTempSubdirectory("bioproxy-check-").FullName;
    private readonly ProxyMetrics _metrics = new(TimeProvider.System);
    private readonly TemplateLibrary _templates;

    public StandalonePlugins(ProxyOptions options)
    {
        Options = options with { StateDirectory = _state };
        _templates = new TemplateLibrary(Options, _metrics, TimeProvider.System, NullLogger<TemplateLibrary>.Instance);
        var facilities = new PluginFacilities
        {
            Options = Options,
            Loggers = NullLoggerFactory.Instance,
            Time = TimeProvider.System,
            Templates = _templates,
            Metrics = _metrics,
        };
        Loader = new PluginLoader(
            Options, name => new PluginHost(name, facilities), TimeProvider.System, NullLogger<PluginLoader>.Instance);
    }

    public ProxyOptions Options { get; }

    public PluginLoader Loader { get; }

    /// <summary>Loads and starts all plugins in the configured folders, and unloads them again.</summary>
    public async Task<IReadOnlyList<PluginStatus>> LoadAllAsync()
    {
        await using var plugins = new PluginManager(Loader, Options, [], TimeProvider.System, NullLogger<PluginManager>.Instance);
        plugins.Load();
        return plugins.Statuses;
    }

    /// <summary>Loads the plugins in these folders without starting them, and unloads them again.</summary>
    /// <returns>The status of each that can be loaded.</returns>
    public async Task<IReadOnlyList<PluginStatus>> FindAsync(IEnumerable<string> directories)
    {
        var found = new List<PluginStatus>();
        foreach (var (candidate, disabled) in Loader.Find(directories))
        {
            if (disabled is not null || await Loader.MakeAsync(candidate).ConfigureAwait(false) is not ({ } plugin, var status))
                continue;
            found.Add(status);
            await Loader.UnloadAsync(plugin, candidate.Name).ConfigureAwait(false);
        }

        return found;
    }

    public void Dispose()
    {
        _templates.Dispose();
        _metrics.Dispose();
        Directory.Delete(_state, recursive: true);
    }
}
