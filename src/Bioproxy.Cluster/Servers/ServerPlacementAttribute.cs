using Orleans.Placement;

namespace Bioproxy.Cluster.Servers;

/// <inheritdoc cref="ServerPlacement"/>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ServerPlacementAttribute() : PlacementAttribute(new ServerPlacement());
