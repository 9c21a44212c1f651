using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Cluster;

namespace Bioproxy.UnitTests.Cluster;

/// <summary>The cluster as one of its proxies sees it.</summary>
internal class FakeCluster(FakeHub hub, string name) : ICluster
{
    public SharedCatalogue? Catalogue { get; set; }

    public string Name => name;

    public string? Problem { get; set; }

    public bool CanSave { get; set; } = true;

    public void Publish(CatalogueEntry entry) => hub.Publish(entry);

    public bool HandOver(string server, string proxy) => throw new NotSupportedException();

    public virtual IServerLink LinkTo(string server) => throw new NotSupportedException();

    public IReadOnlyList<string> Proxies { get; set; } = [name];

    public IReadOnlyList<string> Gone => [];

    /// <summary>Answers for the proxies; null for one that does not.</summary>
    public Func<string, AdminRequest, AdminReply?> Answer { get; set; } = static (_, _) => null;

    public Task<AdminReply?> AskAsync(string proxy, AdminRequest request, TimeSpan limit, CancellationToken cancellationToken) =>
        Task.FromResult(Proxies.Contains(proxy) ? Answer(proxy, request) : null);

    public Task<IReadOnlyList<ProxyReport>> ReportsAsync(bool withStatus, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
