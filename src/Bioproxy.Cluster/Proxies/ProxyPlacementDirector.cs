using Orleans.Runtime.Placement;

namespace Bioproxy.Cluster.Proxies;

/// <inheritdoc cref="ProxyPlacement"/>
internal sealed class ProxyPlacementDirector(IClusterMembershipService membership) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var name = target.GrainIdentity.Key.ToString();
        var members = membership.CurrentSnapshot.Members;
        foreach (var silo in context.GetCompatibleSilos(target))
        {
            if (members.TryGetValue(silo, out var member) && member.Name == name) return Task.FromResult(silo);
        }

        throw new SiloUnavailableException($"The proxy {name} is not in the cluster.");
    }
}
