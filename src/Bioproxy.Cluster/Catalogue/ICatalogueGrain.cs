using Bioproxy.Cluster.Messages;

namespace Bioproxy.Cluster.Catalogue;

/// <summary>The catalogue of a cluster: one for all proxies.</summary>
[Alias("bioproxy.catalogue")]
[Orleans.CodeGeneration.Version(1)]
internal interface ICatalogueGrain : IGrainWithStringKey
{
    /// <summary>The key of the only one.</summary>
    const string Key = "catalogue";

    /// <summary>Takes what a proxy brings, and answers with what it has not seen. Acknowledged once it is in memory; written to Redis
    /// within a second.</summary>
    [Alias("sync")]
    Task<CatalogueReply> Sync(CatalogueSync request);
}
