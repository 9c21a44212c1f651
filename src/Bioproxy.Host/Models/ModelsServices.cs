using Bioproxy.Host.Models.Snapshots;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Bioproxy.Host.Models;

/// <summary>Composition of this folder: one served model on every backend.</summary>
internal static class ModelsServices
{
    public static IServiceCollection AddModels(this IServiceCollection services) => services
        .AddSingleton<StateFolder>()
        .AddSingleton<SnapshotStore>()
        .AddSingleton<FingerprintProbe>()
        .AddSingleton(static p => p.GetRequiredService<SharedState>().Rates)
        .AddSingleton<Uptime>()
        .AddSingleton<SharedState>()
        .AddSingleton<ModelDirectory>()
        .AddSingleton<IHostedService, IdleSaveLoop>();
}
