using Bioproxy.Cluster.Messages;

namespace Bioproxy.Cluster;

/// <summary>The cluster as its proxies use it.</summary>
internal interface ICluster
{
    /// <summary>This proxy's name in it: the address that it advertises.</summary>
    string Name { get; }

    /// <summary>Why it is alone now; null while it is in touch with Redis and with the other proxies.</summary>
    string? Problem { get; }

    /// <summary>The catalogue can be written. While it cannot, nothing new is saved.</summary>
    bool CanSave { get; }

    /// <summary>The proxies of the cluster, this one among them. One that died is among them until the others have noticed.</summary>
    IReadOnlyList<string> Proxies { get; }

    /// <summary>Proxies that left the cluster, or were declared dead, within the last hour.</summary>
    IReadOnlyList<string> Gone { get; }

    /// <summary>The way to a server's owner.</summary>
    IServerLink LinkTo(string server);

    /// <summary>Lets another proxy schedule a server that this one schedules now, as soon as no call for it is under way. Returns at
    /// once.</summary>
    /// <returns>False when this proxy does not schedule it, or the other one is not in the cluster.</returns>
    bool HandOver(string server, string proxy);

    /// <summary>Tells all proxies. Returns at once; kept until it could be written.</summary>
    void Publish(CatalogueEntry entry);

    /// <summary>What all proxies tell of themselves, this one among them; those that did not answer in time are missing.</summary>
    Task<IReadOnlyList<ProxyReport>> ReportsAsync(bool withStatus, CancellationToken cancellationToken);

    /// <summary>Asks the admin listener of a proxy, which may be this one. What it answers, and to what, is decided by
    /// <see cref="IClusterHost.AnswerAsync"/> there.</summary>
    /// <param name="proxy">Its name.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="limit">How long to wait, five minutes at most.</param>
    /// <param name="cancellationToken">The client has left: the other proxy is told.</param>
    /// <returns>Null when the proxy is not in the cluster, or did not answer in time. It may have done what was asked.</returns>
    Task<AdminReply?> AskAsync(string proxy, AdminRequest request, TimeSpan limit, CancellationToken cancellationToken);
}
