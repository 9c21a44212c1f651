using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models;

/// <summary>Composition of this folder: one served model on the one backend.</summary>
internal static class ModelsServices
{
    public static IServiceCollection AddModels(this IServiceCollection services) => services
        .AddSingleton<StateFolder>()
        .AddSingleton<SnapshotStore>()
        .AddSingleton<FingerprintProbe>()
        .AddSingleton<LearnedRates>()
        .AddSingleton<RestoreEffectiveness>()
        .AddSingleton<Uptime>()
        .AddSingleton(static p => new SlotQueue(
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ProxyOptions>().QueueCapacity,
            p.GetRequiredService<ProxyOptions>().QueueMaxLength,
            p.GetRequiredService<ProxyOptions>().QueueMaxWait))
        .AddSingleton(static p => new ModelContext
        {
            Options = p.GetRequiredService<ProxyOptions>(),
            Snapshots = p.GetRequiredService<SnapshotStore>(),
            Fingerprints = p.GetRequiredService<FingerprintProbe>(),
            Rates = p.GetRequiredService<LearnedRates>(),
            Effectiveness = p.GetRequiredService<RestoreEffectiveness>(),
            Metrics = p.GetRequiredService<ProxyMetrics>(),
            Time = p.GetRequiredService<TimeProvider>(),
            Loggers = p.GetRequiredService<ILoggerFactory>(),
            Uptime = p.GetRequiredService<Uptime>(),
        })
        .AddSingleton(static p => new ServedModel(
            p.GetRequiredService<ModelContext>(), p.GetRequiredService<BackendDirectory>().Default, p.GetRequiredService<SlotQueue>()))
        .AddSingleton<IHostedService, IdleSaveLoop>();
}
