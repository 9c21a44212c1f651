using Bioproxy.Cluster.Messages;
using Bioproxy.Cluster.Silos;
using Orleans.Concurrency;

namespace Bioproxy.Cluster.Proxies;

/// <inheritdoc cref="IProxyGrain"/>
[Reentrant]
[ProxyPlacement]
[GrainType("bioproxy.proxy")]
internal sealed class ProxyGrain(ProxySide side) : Grain, IProxyGrain
{
    /// <summary>Building a status takes milliseconds: on a thread of the pool, not on the grain's.</summary>
    public Task<ProxyReport> Report(bool withStatus) => Task.Run(() => side.Host.Report(withStatus));

    public Task<AdminReply> Ask(AdminRequest request, CancellationToken cancellationToken) =>
        Task.Run(() => side.Host.AnswerAsync(request, cancellationToken), cancellationToken);

    public Task Changed(CatalogueEntry[] entries)
    {
        side.Catalogue.Receive(entries);
        return Task.CompletedTask;
    }
}
