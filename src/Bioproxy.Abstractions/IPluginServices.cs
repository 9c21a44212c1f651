namespace Bioproxy.Abstractions;

/// <summary>All that the host gives a plugin; more than <see cref="IPluginHost"/>. Import it in a constructor marked <c>[ImportingConstructor]</c>.</summary>
/// <remarks>Data folder, HTTP client, metrics and backend are cut when the plugin is unloaded: from then on they throw
/// <see cref="ObjectDisposedException"/>, and metrics do nothing. Since contract 1.1.</remarks>
public interface IPluginServices : IPluginHost
{
    /// <summary>What the configuration says under <c>plugins.&lt;name&gt;</c>: one JSON object in UTF-8, without comments; <c>{}</c> when it says nothing.
    /// <see cref="PluginSettings.Read{T}"/> turns it into an object.</summary>
    ReadOnlyMemory<byte> Settings { get; }

    /// <summary>A folder of the plugin's own that survives restarts and new versions, absolute; it exists once it has been asked for.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be made.</exception>
    string DataFolder { get; }

    /// <summary>For calls to other services. Never for the backend: <see cref="Backend"/> waits for a slot first.</summary>
    HttpClient Http { get; }

    /// <summary>Counters and histograms on the host's <c>/metrics</c>.</summary>
    IPluginMetrics Metrics { get; }

    /// <summary>Calls of the backend that belong to no client's request (an index, a summary at night). In a handler use <see cref="RequestCall.AskAsync"/>.</summary>
    IPluginBackend Backend { get; }
}
