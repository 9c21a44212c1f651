namespace Bioproxy.Cluster.Messages;

/// <summary>What the grain of a server answers to every call.</summary>
[GenerateSerializer]
[Alias("bioproxy.server-reply")]
internal sealed class ServerReply
{
    /// <summary>A new one each time a proxy becomes the owner: a caller that does not know it tells the owner which turns it
    /// holds.</summary>
    [Id(0)]
    public required Guid Activation { get; init; }

    /// <summary>The name of the proxy that answers.</summary>
    [Id(1)]
    public required string Proxy { get; init; }

    /// <summary>False when this proxy does not schedule the server (not in its configuration, or it is stopping): ask again, another
    /// proxy will.</summary>
    [Id(2)]
    public bool IsOwner { get; init; }

    /// <summary>The answer to a request for a turn; null when the turn has ended meanwhile.</summary>
    [Id(3)]
    public TurnAnswer? Answer { get; init; }

    [Id(4)]
    public TurnEstimate? Estimate { get; init; }
}
