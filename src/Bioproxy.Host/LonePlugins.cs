using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.Host;

/// <summary>What plugins need to be loaded, without a proxy. Their data folders are empty ones that go away: looking must not change what a proxy keeps.</summary>
internal sealed class LonePlugins : IDisposable
{
    private readonly string _state = Directory.CreateTempSubdirectory("bioproxy-look-").FullName;
    private readonly ProxyMetrics _metrics = new(TimeProvider.System);
    private readonly TemplateLibrary _templates;

    public LonePlugins(ProxyOptions options)
    {
        Options = options with { StateDirectory = _state };
        _templates = new TemplateLibrary(Options, _metrics, TimeProvider.System, NullLogger<TemplateLibrary>.Instance);
        var facilities = new PluginFacilities { Options = Options, Loggers = NullLoggerFactory.Instance, Time = TimeProvider.System, Templates = _templates, Metrics = _metrics };
        Loader = new PluginLoader(Options, name => new PluginHost(name, facilities), TimeProvider.System, NullLogger<PluginLoader>.Instance);
    }

    public ProxyOptions Options { get; }

    public PluginLoader Loader { get; }

    /// <summary>Loads and starts all that lies in the folders, and ends it again.</summary>
    public async Task<IReadOnlyList<PluginStatus>> LookAsync()
    {
        await using var plugins = new PluginManager(Loader, Options, TimeProvider.System, NullLogger<PluginManager>.Instance);
        plugins.Load();
        return plugins.Statuses;
    }

    public void Dispose()
    {
        _metrics.Dispose();
        Directory.Delete(_state, recursive: true);
    }
}
