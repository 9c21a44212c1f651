using Bioproxy.Host.Backends.Drivers;
using Bioproxy.Host.Backends.Drivers.Other;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Threading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Backends;

/// <summary>Composition of this folder: every entry of <c>backends</c>, or <c>backend_url</c>, makes a backend.</summary>
internal static class BackendsServices
{
    public static IServiceCollection AddBackends(this IServiceCollection services) => services
        .AddSingleton(static p =>
        {
            var options = p.GetRequiredService<ProxyOptions>();
            var (time, logger) = (p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<BackendMonitor>>());
            return new BackendDirectory(options.AllBackends.Select(backend => Make(backend, options, time, logger)));
        })
        .AddSingleton<IHostedService>(static p => new BackgroundLoop(
            stopping => Task.WhenAll(p.GetRequiredService<BackendDirectory>().All.Select(backend => backend.Monitor.RunAsync(stopping)))));

    /// <summary>A backend, which the caller owns. Nothing is asked of it yet.</summary>
    public static Backend Make(BackendOptions backend, ProxyOptions options, TimeProvider time, ILogger<BackendMonitor> logger)
    {
        IBackendDriver driver = backend.Kind is BackendKind.Ollama or BackendKind.OpenAi
            ? new OtherServerDriver(backend.Url, options.ConnectTimeout, backend.ApiKey)
            : new DetectingDriver(backend.Url, options.ConnectTimeout, backend.ApiKey);
        var monitor = new BackendMonitor(driver, backend.Url, options.HealthCheckInterval, time, logger);
        return new Backend(backend, driver, monitor, new BackendSender(backend, options));
    }
}
