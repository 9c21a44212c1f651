using Microsoft.Extensions.DependencyInjection;

namespace Bioproxy.Host.Routing;

/// <summary>Composition of this folder.</summary>
internal static class RoutingServices
{
    public static IServiceCollection AddModelRouting(this IServiceCollection services) => services.AddSingleton<ModelRouter>();
}
