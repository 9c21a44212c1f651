using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Plugins;

/// <summary>What plugins are given, as the host has it; each plugin gets its own <see cref="PluginHost"/> on it.</summary>
internal sealed record PluginFacilities
{
    public required ProxyOptions Options { get; init; }

    public required ILoggerFactory Loggers { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Gets its engines only after all plugins are loaded.</summary>
    public required ITemplateLibrary Templates { get; init; }

    public required ProxyMetrics Metrics { get; init; }

    /// <summary>Asks the backend. Set when the path of requests is there; a plugin that asks before is told so.</summary>
    public Func<BackendQuestion, CancellationToken, Task<BackendAnswer>>? Ask { get; set; }
}
