namespace Bioproxy.Cluster.Messages;

/// <summary>What a proxy has not seen of the catalogue: all of it where <see cref="CatalogueSync.Activation"/> was another one.</summary>
[GenerateSerializer]
[Alias("bioproxy.catalogue-reply")]
internal sealed class CatalogueReply
{
    [Id(0)]
    public required Guid Activation { get; init; }

    /// <summary>The number of the newest change.</summary>
    [Id(1)]
    public long Sequence { get; init; }

    /// <summary>The catalogue was read from Redis, and its last write arrived there.</summary>
    [Id(2)]
    public bool CanSave { get; init; }

    [Id(3)]
    public CatalogueEntry[] Entries { get; init; } = [];
}
