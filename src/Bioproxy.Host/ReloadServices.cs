using Bioproxy.Host.Threading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Bioproxy.Host;

/// <summary>Composition of the configuration's reload.</summary>
internal static class ReloadServices
{
    public static IServiceCollection AddReload(this IServiceCollection services, ConfigurationSource? source) => source is null
        ? services
        : services
            .AddSingleton(source)
            .AddSingleton<LiveParts>()
            .AddSingleton<ConfigurationReload>()
            .AddSingleton<IHostedService>(static p => new BackgroundLoop(p.GetRequiredService<ConfigurationReload>().RunAsync));
}
