using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Transforms;

/// <summary>Composition of this folder.</summary>
internal static class TransformsServices
{
    public static IServiceCollection AddTransforms(this IServiceCollection services) => services
        .AddSingleton(static p => new PluginFence(
            PluginBudget.OfTransforms(p.GetRequiredService<ProxyOptions>().PluginTimeBudget),
            p.GetRequiredService<ProxyMetrics>(),
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<PluginFence>>()))
        .AddSingleton<TransformChain>();
}
