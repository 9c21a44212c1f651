using Orleans.Placement;

namespace Bioproxy.Cluster.Proxies;

/// <inheritdoc cref="ProxyPlacement"/>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ProxyPlacementAttribute() : PlacementAttribute(new ProxyPlacement());
