using Bioproxy.Cluster.Messages;
using Orleans.Concurrency;

namespace Bioproxy.Cluster.Proxies;

/// <summary>A proxy of the cluster, by its name. It is always in that proxy's process.</summary>
[Alias("bioproxy.proxy")]
[Orleans.CodeGeneration.Version(1)]
internal interface IProxyGrain : IGrainWithStringKey
{
    [Alias("report")]
    Task<ProxyReport> Report(bool withStatus);

    /// <inheritdoc cref="IClusterHost.AnswerAsync"/>
    [Alias("ask")]
    [ResponseTimeout("00:05:00")]
    Task<AdminReply> Ask(AdminRequest request, CancellationToken cancellationToken);

    /// <summary>These entries of the catalogue changed.</summary>
    [OneWay]
    [Alias("changed")]
    Task Changed(CatalogueEntry[] entries);
}
