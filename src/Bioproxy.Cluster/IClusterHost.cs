using Bioproxy.Cluster.Messages;

namespace Bioproxy.Cluster;

/// <summary>What a proxy does for its cluster. Implemented by the host; every call is quick unless it says otherwise.</summary>
internal interface IClusterHost
{
    /// <summary>The servers of its configuration, by the name that all proxies give them: address and port.</summary>
    IReadOnlyList<string> Servers { get; }

    /// <summary>This proxy is the one that schedules the server from now on, until the result is disposed.</summary>
    /// <returns>Null when the server is not in its configuration.</returns>
    IServerOwner? Own(string server);

    /// <summary>What it tells of itself. Building the status takes milliseconds.</summary>
    ProxyReport Report(bool withStatus);

    /// <summary>
    /// Answers what another proxy's admin listener was asked. Whoever may use the admin listener of one proxy may use that of all: the
    /// proxies of a cluster trust each other, and only they can call this. The other proxy has checked the key or session, the host and the
    /// anti-forgery token of its client; this one checks that the request is among those that may be relayed. It never passes it on.
    /// </summary>
    Task<AdminReply> AnswerAsync(AdminRequest request, CancellationToken cancellationToken);

    /// <summary>All it knows: the catalogue can be rebuilt from what the proxies have.</summary>
    IReadOnlyList<CatalogueEntry> Entries { get; }

    /// <summary>These proxies are in the cluster now, as far as this one knows: none while it is alone. Called at every change, and when
    /// nothing has changed, too.</summary>
    void Met(IReadOnlyCollection<string> proxies)
    {
    }

    /// <summary>Others wrote or removed these. Files may be written: milliseconds each.</summary>
    void Merge(IReadOnlyList<CatalogueEntry> entries);
}
