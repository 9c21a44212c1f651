using Bioproxy.Host.Backends.Drivers;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Threading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Backends;

/// <summary>Composition of this folder: <c>backend_url</c> makes one backend, whose kind is found out.</summary>
internal static class BackendsServices
{
    public static IServiceCollection AddBackends(this IServiceCollection services) => services
        .AddSingleton(static p => new BackendDirectory(
        [
            Make(
                p.GetRequiredService<ProxyOptions>(),
                p.GetRequiredService<TimeProvider>(),
                p.GetRequiredService<ILogger<BackendMonitor>>()),
        ]))
        .AddSingleton<IHostedService>(static p => new BackgroundLoop(
            stopping => Task.WhenAll(p.GetRequiredService<BackendDirectory>().All.Select(backend => backend.Monitor.RunAsync(stopping)))));

    /// <summary>The backend of <c>backend_url</c>, which the caller owns. Nothing is asked of it yet.</summary>
    public static Backend Make(ProxyOptions options, TimeProvider time, ILogger<BackendMonitor> logger)
    {
        var driver = new DetectingDriver(options.BackendUrl, options.ConnectTimeout, options.BackendApiKey);
        var monitor = new BackendMonitor(driver, options.BackendUrl, options.HealthCheckInterval, time, logger);
        return new Backend(Backend.DefaultName, driver, monitor, new BackendSender(options));
    }
}
