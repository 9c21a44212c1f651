using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Microsoft.Extensions.DependencyInjection;

namespace Bioproxy.Host.Transforms;

/// <summary>Composition of this folder.</summary>
internal static class TransformsServices
{
    public static IServiceCollection AddTransforms(this IServiceCollection services) => services
        .AddSingleton(static p => new TransformChain(
            p.NewFence(PluginBudget.OfTransforms(p.GetRequiredService<ProxyOptions>().PluginTimeBudget))));
}
