using Bioproxy.Cluster.Messages;
using Bioproxy.Cluster.Servers;

namespace Bioproxy.UnitTests.Cluster.Simulation;

/// <summary>One proxy's ownership of the server, as a grain's activation is.</summary>
internal sealed class Activation(Guid id, SimulatedProxy proxy, OwnedServer owned)
{
    public Guid Id => id;

    public SimulatedProxy Proxy => proxy;

    public OwnedServer Owned => owned;

    /// <summary>It schedules the server.</summary>
    public bool IsOwner => proxy.IsAlive && !owned.IsReleased;

    public ServerReply Reply(TurnAnswer? answer = null, TurnEstimate? estimate = null) => new()
    {
        Activation = id,
        Proxy = proxy.Name,
        IsOwner = !owned.IsReleased,
        Answer = answer,
        Estimate = estimate,
    };
}
