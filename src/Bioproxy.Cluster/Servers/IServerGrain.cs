using Bioproxy.Cluster.Messages;
using Orleans.Concurrency;

namespace Bioproxy.Cluster.Servers;

/// <summary>A server of the cluster, by its address and port: the proxy where this grain is active schedules it.</summary>
[Alias("bioproxy.server")]
[Orleans.CodeGeneration.Version(1)]
internal interface IServerGrain : IGrainWithStringKey
{
    /// <summary>Waits in the queue. Asking again with the same turn number joins the first call.</summary>
    [Alias("take")]
    [ResponseTimeout("01:00:00")]
    Task<ServerReply> Take(SiloAddress from, TurnRequest request);

    [OneWay]
    [Alias("started")]
    Task Started(Guid turn);

    /// <summary>The turn has ended, or its client left while it waited.</summary>
    [Alias("end")]
    Task<ServerReply> End(Guid turn, TurnOutcome outcome);

    [AlwaysInterleave]
    [Alias("estimate")]
    Task<ServerReply> Estimate(EstimateRequest request);

    /// <summary>A proxy holds these turns, whoever granted them.</summary>
    [Alias("adopt")]
    Task<ServerReply> Adopt(SiloAddress from, string proxy, HeldTurn[] turns);

    /// <summary>Tells who schedules the server, and keeps it scheduled where there are no requests.</summary>
    [Alias("ping")]
    Task<ServerReply> Ping();
}
