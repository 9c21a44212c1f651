using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;

namespace Bioproxy.UnitTests.Cluster.Pools;

/// <summary>A cluster whose other proxies grant what the test says.</summary>
internal sealed class PoolCluster : ICluster
{
    public string Name => "10.0.0.1:11111";

    public string? Problem => null;

    public bool CanSave => true;

    public PoolLink Link { get; } = new();

    /// <summary>The server that was asked for last.</summary>
    public string? Asked { get; private set; }

    public IServerLink LinkTo(string server)
    {
        Asked = server;
        return Link;
    }

    public IReadOnlyList<string> Proxies => [Name];

    public IReadOnlyList<string> Gone => [];

    public bool HandOver(string server, string proxy) => throw new NotSupportedException();

    public Task<AdminReply?> AskAsync(string proxy, AdminRequest request, TimeSpan limit, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public void Publish(CatalogueEntry entry) => throw new NotSupportedException();

    public Task<IReadOnlyList<ProxyReport>> ReportsAsync(bool withStatus, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
