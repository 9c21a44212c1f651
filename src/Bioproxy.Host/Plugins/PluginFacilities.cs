using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Plugins;

/// <summary>What the host offers to plugins; each plugin gets a <see cref="PluginHost"/> of its own on top of it.</summary>
internal sealed record PluginFacilities
{
    public required LiveOptions Options { get; init; }

    public required ILoggerFactory Loggers { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>The templates; their engines are known once all plugins are loaded.</summary>
    public required ITemplateLibrary Templates { get; init; }

    public required ProxyMetrics Metrics { get; init; }

    /// <summary>Finds the object that sends plugins' questions to the backend; it returns null until requests are served.</summary>
    public Func<IPluginBackend?> Backend { get; init; } = static () => null;
}
