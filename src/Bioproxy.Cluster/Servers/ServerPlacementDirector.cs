using System.IO.Hashing;
using System.Text;
using Bioproxy.Cluster.Silos;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace Bioproxy.Cluster.Servers;

/// <summary>The proxy that a server is handed to. Otherwise, among those that said at their start that they have it, and have not refused
/// it lately, the one that schedules the fewest as far as this proxy knows. Without any it is this one: it asks, so it has the
/// server.</summary>
internal sealed class ServerPlacementDirector(ISiloMetadataCache metadata, IClusterMembershipService membership, ProxySide side)
    : IPlacementDirector
{
    /// <summary>The servers of a proxy's configuration, one a line, in what it says of itself when it joins.</summary>
    public const string ServersKey = "bioproxy.servers";

    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var compatible = context.GetCompatibleSilos(target);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, compatible) is { } named)
            return Task.FromResult(named);
        var server = target.GrainIdentity.Key.ToString()!;
        var members = membership.CurrentSnapshot.Members;
        var owned = side.OwnedByProxy();
        var best = compatible
            .Select(silo => (Silo: silo, members.GetValueOrDefault(silo)?.Name))
            .Where(proxy => proxy.Name is not null && !side.HasRefused(server, proxy.Name) && Knows(proxy.Silo, server))
            .OrderBy(proxy => owned.GetValueOrDefault(proxy.Name!))
            .ThenBy(proxy => XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(server + "\n" + proxy.Name)))
            .Select(static proxy => proxy.Silo)
            .FirstOrDefault();
        return Task.FromResult(best ?? context.LocalSilo);
    }

    private bool Knows(SiloAddress silo, string server)
    {
        if (silo.Equals(side.Silo)) return side.Host.Servers.Contains(server);
        return metadata.GetSiloMetadata(silo).Metadata.TryGetValue(ServersKey, out var servers)
            && servers.Split('\n').Contains(server, StringComparer.Ordinal);
    }
}
