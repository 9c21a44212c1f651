using Microsoft.Extensions.Logging;

namespace Bioproxy.Cluster.Silos;

/// <summary>The silo logs where the proxy does.</summary>
internal sealed class ForwardedLogs(ILoggerFactory logs) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => logs.CreateLogger(categoryName);

    public void Dispose()
    {
        // The proxy's logs are not the silo's to dispose.
    }
}
