using Bioproxy.Host.Cluster;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Dashboard.History;
using Bioproxy.Host.Dashboard.Relay;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Dashboard;

/// <summary>Composition of this folder.</summary>
internal static class DashboardServices
{
    public static IServiceCollection AddDashboard(this IServiceCollection services, ProxyOptions options)
    {
        services.AddPage();
        return options.Cluster is null ? services : services.AddRelay();
    }

    private static IServiceCollection AddRelay(this IServiceCollection services) => services
        .AddSingleton(static p => new RelayedRequests(
            p.GetRequiredService<DashboardEndpoints>().HandleAsync, p.GetRequiredService<ILogger<RelayedRequests>>()))
        .AddSingleton(static p => new RelayedFeeds(
            p.GetRequiredService<ProxyCluster>().Cluster,
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<IHostApplicationLifetime>(),
            p.GetRequiredService<ILogger<LiveFeed>>()))
        .AddSingleton(static p => new AdminRelay(
            p.GetRequiredService<ProxyCluster>().Cluster,
            p.GetRequiredService<RelayedFeeds>(),
            p.GetRequiredService<DashboardEndpoints>().HandleAsync));

    private static void AddPage(this IServiceCollection services) => services
        .AddSingleton<RecentLog>()
        .AddSingleton<ILoggerProvider>(static p => p.GetRequiredService<RecentLog>())
        .AddSingleton<RequestHistory>()
        .AddSingleton<IHostedService>(static p => p.GetRequiredService<RequestHistory>())
        .AddSingleton<PageFiles>()
        .AddSingleton<LiveFacts>()
        .AddSingleton<RunningRequests>()
        .AddSingleton<LivePage>()
        .AddSingleton(static p => new LiveFeed(
            _ => new(p.GetRequiredService<LivePage>().Frame()),
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<IHostApplicationLifetime>(),
            p.GetRequiredService<ILogger<LiveFeed>>()))
        .AddSingleton<TryIt>()
        .AddSingleton<DashboardActions>()
        .AddSingleton<DashboardEndpoints>();
}
