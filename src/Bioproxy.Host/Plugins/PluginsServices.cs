using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Threading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Plugins;

/// <summary>Composition of this folder. Listeners and the templates are the application's.</summary>
internal static class PluginsServices
{
    /// <param name="services">The application's services.</param>
    /// <param name="templates">The templates that plugins may ask for.</param>
    /// <param name="backend">What sends plugins' questions to a model; null until requests are served.</param>
    public static IServiceCollection AddPlugins(
        this IServiceCollection services,
        Func<IServiceProvider, ITemplateLibrary> templates,
        Func<IServiceProvider, IPluginBackend?> backend) => services
        .AddSingleton(p => new PluginFacilities
        {
            Options = p.GetRequiredService<LiveOptions>(),
            Loggers = p.GetRequiredService<ILoggerFactory>(),
            Time = p.GetRequiredService<TimeProvider>(),
            Templates = templates(p),
            Metrics = p.GetRequiredService<ProxyMetrics>(),
            Backend = () => backend(p),
        })
        .AddSingleton(static p => new PluginLoader(
            p.GetRequiredService<ProxyOptions>(),
            name => new PluginHost(name, p.GetRequiredService<PluginFacilities>()),
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<PluginLoader>>()))
        .AddSingleton(static p => new PluginManager(
            p.GetRequiredService<PluginLoader>(),
            p.GetRequiredService<LiveOptions>(),
            [.. p.GetServices<IPluginListener>()],
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<PluginManager>>()))
        .AddSingleton<IHostedService>(static p => new BackgroundLoop(p.GetRequiredService<PluginManager>().RunAsync));

    /// <summary>A fence with this budget, which the caller owns.</summary>
    public static PluginFence NewFence(this IServiceProvider services, PluginBudget budget) => new(
        budget,
        services.GetRequiredService<ProxyMetrics>(),
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILogger<PluginFence>>());
}
