namespace Bioproxy.Cluster.Proxies;

/// <summary>In the process of the proxy that has the grain's key as its name.</summary>
[GenerateSerializer]
[Alias("bioproxy.proxy-placement")]
internal sealed class ProxyPlacement : PlacementStrategy;
