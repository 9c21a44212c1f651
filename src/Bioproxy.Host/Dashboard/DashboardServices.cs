using Bioproxy.Host.Dashboard.History;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Dashboard;

/// <summary>Composition of this folder.</summary>
internal static class DashboardServices
{
    public static IServiceCollection AddDashboard(this IServiceCollection services) => services
        .AddSingleton<RecentLog>()
        .AddSingleton<ILoggerProvider>(static p => p.GetRequiredService<RecentLog>())
        .AddSingleton<RequestHistory>()
        .AddSingleton<IHostedService>(static p => p.GetRequiredService<RequestHistory>())
        .AddSingleton<PageFiles>()
        .AddSingleton<LiveFacts>()
        .AddSingleton<RunningRequests>()
        .AddSingleton<LivePage>()
        .AddSingleton(static p => new LiveFeed(
            p.GetRequiredService<LivePage>().Frame,
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<IHostApplicationLifetime>(),
            p.GetRequiredService<ILogger<LiveFeed>>()))
        .AddSingleton<TryIt>()
        .AddSingleton<DashboardActions>()
        .AddSingleton<DashboardEndpoints>();
}
