namespace Bioproxy.Cluster.Messages;

/// <summary>The models that a proxy starts itself, and where the others reach them: their servers listen on that machine only, so that
/// requests go through its proxy.</summary>
[GenerateSerializer]
[Alias("bioproxy.pool")]
internal sealed class PoolMessage
{
    /// <summary>The URL of that proxy's listener for clients.</summary>
    [Id(0)]
    public required string Address { get; init; }

    [Id(1)]
    public PooledModelMessage[] Models { get; init; } = [];
}
