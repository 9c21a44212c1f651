namespace Bioproxy.Cluster.Messages;

/// <summary>A turn that a proxy holds, told to an owner that does not know of it: it was granted by another one.</summary>
[GenerateSerializer]
[Alias("bioproxy.held-turn")]
internal sealed class HeldTurn
{
    [Id(0)]
    public required Guid Turn { get; init; }

    [Id(1)]
    public string? Model { get; init; }

    [Id(2)]
    public int Lane { get; init; }

    [Id(3)]
    public int Weight { get; init; } = 1;

    /// <summary>The slot it is pinned to; null where the server chose.</summary>
    [Id(4)]
    public int? Slot { get; init; }
}
