namespace Bioproxy.Abstractions;

/// <summary>Everything the host offers a plugin, beyond <see cref="IPluginHost"/>. Import it in a constructor marked
/// <c>[ImportingConstructor]</c>.</summary>
/// <remarks>Once the plugin is unloaded, data folder, HTTP client and backend throw <see cref="ObjectDisposedException"/>, and metrics do
/// nothing. Since contract 1.1.</remarks>
public interface IPluginServices : IPluginHost
{
    /// <summary>The configuration's <c>plugins.&lt;name&gt;</c>: one JSON object in UTF-8, without comments; <c>{}</c> if it is missing.
    /// <see cref="PluginSettings.Read{T}"/> turns it into an object.</summary>
    ReadOnlyMemory<byte> Settings { get; }

    /// <summary>The absolute path of the plugin's own folder, which survives restarts and new versions. Created when first read.</summary>
    /// <exception cref="IOException">It cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be created.</exception>
    string DataFolder { get; }

    /// <summary>For calls to other services. Do not use it for the backend: <see cref="Backend"/> waits for a slot first.</summary>
    HttpClient Http { get; }

    /// <summary>Counters and histograms on the host's <c>/metrics</c>.</summary>
    IPluginMetrics Metrics { get; }

    /// <summary>For calls of the backend that belong to no client's request (an index, a nightly summary). In a handler use
    /// <see cref="RequestCall.AskAsync"/>.</summary>
    IPluginBackend Backend { get; }
}
