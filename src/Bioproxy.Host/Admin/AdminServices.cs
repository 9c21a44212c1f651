using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Threading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Admin;

/// <summary>Composition of this folder.</summary>
internal static class AdminServices
{
    public static IServiceCollection AddAdmin(this IServiceCollection services) => services
        .AddSingleton<ListenAddresses>()
        .AddSingleton(static p => new ModelState(p.GetRequiredService<ModelDirectory>().Default))
        .AddSingleton<IProxyState, ProxyState>()
        .AddSingleton(static p => new BackendMetrics(
            p.GetRequiredService<ModelDirectory>(),
            p.GetRequiredService<ProxyOptions>().BackendMetricsInterval,
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<BackendMetrics>>()))
        .AddSingleton<IHostedService>(static p => new BackgroundLoop(p.GetRequiredService<BackendMetrics>().RunAsync))
        .AddSingleton<AdminGuard>()
        .AddSingleton<KvAdmin>()
        .AddSingleton<PluginAdmin>()
        .AddSingleton<ModelAdmin>()
        .AddSingleton<AdminOperations>()
        .AddSingleton<StatusPage>()
        .AddSingleton<AdminEndpoints>();
}
