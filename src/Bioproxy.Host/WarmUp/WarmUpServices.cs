using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Bioproxy.Host.WarmUp;

/// <summary>Composition of this folder.</summary>
internal static class WarmUpServices
{
    public static IServiceCollection AddWarmUp(this IServiceCollection services) => services
        .AddSingleton<StaticPrefixFinder>()
        .AddSingleton<WarmUpStatuses>()
        .AddSingleton<WarmUpScheduler>()
        .AddSingleton<IHostedService>(static p => p.GetRequiredService<WarmUpScheduler>());
}
