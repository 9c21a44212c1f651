namespace Bioproxy.Cluster.Messages;

/// <summary>What a prompt would meet at a model now, in seconds.</summary>
[GenerateSerializer]
[Alias("bioproxy.estimate")]
internal readonly record struct TurnEstimate(
    [property: Id(0)] double Wait,
    [property: Id(1)] double Load,
    [property: Id(2)] double Prompt,
    [property: Id(3)] double Eviction,
    [property: Id(4)] double Busy,
    [property: Id(5)] bool IsAway,
    [property: Id(6)] bool HasSlots);
