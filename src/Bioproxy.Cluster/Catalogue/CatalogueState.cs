using Bioproxy.Cluster.Messages;

namespace Bioproxy.Cluster.Catalogue;

/// <summary>The catalogue as Redis keeps it.</summary>
[GenerateSerializer]
[Alias("bioproxy.catalogue-state")]
internal sealed class CatalogueState
{
    [Id(0)]
    public CatalogueEntry[] Entries { get; set; } = [];
}
