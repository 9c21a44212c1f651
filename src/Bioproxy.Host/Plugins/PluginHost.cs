using Bioproxy.Abstractions;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Plugins;

/// <summary>What one plugin is given. The template library gets its engines only after all plugins are loaded.</summary>
internal sealed class PluginHost(string pluginName, ILoggerFactory loggers, TimeProvider timeProvider, ITemplateLibrary templates) : IPluginHost
{
    public string PluginName { get; } = pluginName;

    public ILogger Logger { get; } = loggers.CreateLogger("plugin." + pluginName);

    public TimeProvider TimeProvider { get; } = timeProvider;

    public ITemplateLibrary Templates { get; } = templates;
}
