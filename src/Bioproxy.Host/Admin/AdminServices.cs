using Bioproxy.Host.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Bioproxy.Host.Admin;

/// <summary>Composition of this folder.</summary>
internal static class AdminServices
{
    public static IServiceCollection AddAdmin(this IServiceCollection services) => services
        .AddSingleton<ListenAddresses>()
        .AddSingleton(static p => new ModelState(p.GetRequiredService<ModelDirectory>().Default))
        .AddSingleton<IProxyState, ProxyState>()
        .AddSingleton<KvAdmin>()
        .AddSingleton<PluginAdmin>()
        .AddSingleton<ModelAdmin>()
        .AddSingleton<AdminOperations>()
        .AddSingleton<AdminEndpoints>();
}
