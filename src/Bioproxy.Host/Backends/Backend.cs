using Bioproxy.Host.Http;

namespace Bioproxy.Host.Backends;

/// <summary>One configured upstream server: its address, its connections, and what is known of it.</summary>
internal sealed class Backend(string name, IBackendDriver driver, BackendMonitor monitor, BackendSender sender) : IDisposable
{
    /// <summary>The name a backend has that comes from <c>backend_url</c>.</summary>
    public const string DefaultName = "default";

    public string Name => name;

    public IBackendDriver Driver => driver;

    public BackendMonitor Monitor => monitor;

    /// <summary>Forwards clients' requests.</summary>
    public BackendSender Sender => sender;

    public void Dispose()
    {
        monitor.Dispose();
        sender.Dispose();
        driver.Dispose();
    }
}
