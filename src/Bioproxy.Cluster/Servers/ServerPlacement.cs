namespace Bioproxy.Cluster.Servers;

/// <summary>In a proxy that has the server in its configuration, the one that schedules the fewest servers.</summary>
[GenerateSerializer]
[Alias("bioproxy.server-placement")]
internal sealed class ServerPlacement : PlacementStrategy;
