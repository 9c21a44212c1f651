using Bioproxy.Host.Cluster.Catalogue;
using Bioproxy.Host.Cluster.Pools;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Templates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Cluster;

/// <summary>Composition of this folder: nothing where <c>cluster</c> is not configured.</summary>
internal static class ClusterServices
{
    public static IServiceCollection AddCluster(this IServiceCollection services, ProxyOptions options) => options.Cluster is null
        ? services
        : services
            .AddSingleton<CataloguePublisher>()
            .AddSingleton(p => new PlaceNames(options, p.GetRequiredService<SnapshotStore>().Places))
            .AddSingleton<CatalogueParts>()
            .AddSingleton<SharedCatalogue>()
            .AddSingleton<OwnPool>()
            .AddSingleton<OtherPools>()
            .AddSingleton(static p => new ProxyCluster(
                p.GetRequiredService<LiveOptions>(),
                p.GetRequiredService<ModelDirectory>(),
                p.GetRequiredService<TemplateLibrary>(),
                p.GetRequiredService<SharedCatalogue>(),
                p.GetRequiredService<TimeProvider>(),
                p.GetRequiredService<ILoggerFactory>(),
                p.GetRequiredService<ConversationTracker>())
            {
                OtherPools = p.GetRequiredService<OtherPools>(),
                Pool = p.GetRequiredService<OwnPool>(),
            })
            .AddSingleton(static p => new TurnRelay(
                p.GetRequiredService<ProxyCluster>().ModelOf,
                p.GetRequiredService<ProxyOptions>(),
                p.GetRequiredService<TimeProvider>(),
                p.GetRequiredService<ILogger<TurnRelay>>()));
}
