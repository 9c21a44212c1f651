using Bioproxy.Cluster;

namespace Bioproxy.UnitTests.Cluster.Pools;

/// <summary>A cluster whose other proxies grant what the test says.</summary>
internal sealed class PoolCluster() : FakeCluster(new FakeHub(), "10.0.0.1:11111")
{
    public PoolLink Link { get; } = new();

    /// <summary>The server that was asked for last.</summary>
    public string? Asked { get; private set; }

    public override IServerLink LinkTo(string server)
    {
        Asked = server;
        return Link;
    }
}
