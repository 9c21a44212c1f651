namespace Bioproxy.Cluster.Messages;

/// <summary>A model that a proxy starts itself.</summary>
[GenerateSerializer]
[Alias("bioproxy.pooled-model")]
internal sealed class PooledModelMessage
{
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>As <c>/status</c> names it: <c>ready</c>, <c>loading</c>, <c>unloaded</c> and so on.</summary>
    [Id(1)]
    public required string State { get; init; }

    /// <summary>How long a request would wait for it now, in seconds, if nobody else came.</summary>
    [Id(2)]
    public double LoadSeconds { get; init; }

    /// <summary>Slots of its server; null while it is not loaded. So is what follows.</summary>
    [Id(3)]
    public int? Slots { get; init; }

    /// <summary>Tokens of context in a slot.</summary>
    [Id(4)]
    public int? Context { get; init; }

    /// <summary>Parameters, size, widths, as in the list of models.</summary>
    [Id(5)]
    public string? Meta { get; init; }

    [Id(6)]
    public string? Type { get; init; }

    [Id(7)]
    public string? Build { get; init; }

    [Id(8)]
    public string? Adapters { get; init; }

    [Id(9)]
    public bool SeesImages { get; init; }

    [Id(10)]
    public bool CallsTools { get; init; }
}
