using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Pool;

/// <summary>Composition of this folder: nothing where no pool is configured.</summary>
internal static class PoolServices
{
    public static IServiceCollection AddPool(this IServiceCollection services, ProxyOptions options)
    {
        if (options.Pool is not { } pool)
            return services;
        return services
            .AddSingleton(PoolFolders.Of(options))
            .AddSingleton<PoolUse>()
            .AddSingleton(static p => new GpuChooser(
                GpuChooser.DefaultProgram, p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<GpuChooser>>()))
            .AddSingleton<OrphanCleaner>()
            .AddSingleton<IModelProcessFactory>(p => new ModelProcessFactory(
                pool,
                p.GetRequiredService<PoolFolders>(),
                p.GetRequiredService<GpuChooser>(),
                p.GetRequiredService<TimeProvider>(),
                p.GetRequiredService<ILogger<ModelProcess>>()))
            .AddSingleton(p => new ModelPool(
                pool,
                new PoolRules(options.SwapMaxSave, options.SwapMaxWait),
                p.GetRequiredService<IModelProcessFactory>(),
                p.GetRequiredService<PoolUse>(),
                p.GetRequiredService<TimeProvider>(),
                p.GetRequiredService<ILogger<ModelPool>>()))
            .AddSingleton<IBackendSource, PoolBackends>()
            .AddSingleton<IHostedService, PoolLoop>();
    }
}
