using Microsoft.Extensions.DependencyInjection;

namespace Bioproxy.Host.Security;

/// <summary>Composition of this folder.</summary>
internal static class SecurityServices
{
    public static IServiceCollection AddSecurity(this IServiceCollection services) => services
        .AddSingleton<KeyRing>()
        .AddSingleton<AntiForgeryToken>();
}
