namespace Bioproxy.IntegrationTests.Cluster;

/// <summary>The collection of tests with several silos: one after the other, because each silo probes the others.</summary>
[CollectionDefinition(Name)]
public sealed class ClusterTests
{
    public const string Name = "clusters";
}
