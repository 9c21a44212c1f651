using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Cluster;

namespace Bioproxy.UnitTests.Cluster;

/// <summary>The cluster as one of its proxies sees it.</summary>
internal sealed class FakeCluster(FakeHub hub, string name) : ICluster
{
    public SharedCatalogue? Catalogue { get; set; }

    public string Name => name;

    public string? Problem { get; set; }

    public bool CanSave { get; set; } = true;

    public void Publish(CatalogueEntry entry) => hub.Publish(entry);

    public bool HandOver(string server, string proxy) => throw new NotSupportedException();

    public IServerLink LinkTo(string server) => throw new NotSupportedException();

    public Task<IReadOnlyList<ProxyReport>> ReportsAsync(bool withStatus, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
