using Bioproxy.Host.Backends;
using Bioproxy.Host.Backends.Drivers.LlamaServer;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Pool;

/// <summary>A backend for each model of the pool.</summary>
internal sealed class PoolBackends(
    ProxyOptions options, ModelPool pool, PoolUse use, TimeProvider time, ILogger<BackendMonitor> logger) : IBackendSource
{
    public IReadOnlyList<Backend> Make() => [.. options.PoolBackends.Select(Make)];

    private Backend Make(BackendOptions backend)
    {
        var server = new LlamaServerDriver(backend.Url, options.ConnectTimeout, backend.ApiKey);
        var driver = new PooledModelDriver(backend.Name, pool, server);
        var monitor = new BackendMonitor(driver, backend.Url, options.HealthCheckInterval, time, logger) { LoadsForRequests = true };
        return new Backend(backend, driver, monitor, new BackendSender(backend, options))
        {
            Loader = new PooledModel(backend.Name, pool, use),
        };
    }
}
