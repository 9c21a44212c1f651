namespace Bioproxy.Cluster.Messages;

/// <summary>A proxy brings what it wrote and asks for what it has not seen.</summary>
[GenerateSerializer]
[Alias("bioproxy.catalogue-sync")]
internal sealed class CatalogueSync
{
    [Id(0)]
    public required string Proxy { get; init; }

    /// <summary>The activation that <see cref="Seen"/> counts the changes of; empty at first.</summary>
    [Id(1)]
    public Guid Activation { get; init; }

    /// <summary>The number of the last change it has.</summary>
    [Id(2)]
    public long Seen { get; init; }

    [Id(3)]
    public CatalogueEntry[] Entries { get; init; } = [];
}
