namespace Bioproxy.Cluster.Messages;

/// <summary>One way to serve a prompt, for the explanation.</summary>
[GenerateSerializer]
[Alias("bioproxy.option")]
internal readonly record struct OptionMessage(
    [property: Id(0)] int Source,
    [property: Id(1)] int? Slot,
    [property: Id(2)] double Tokens,
    [property: Id(3)] double Seconds,
    [property: Id(4)] double EvictionCost,
    [property: Id(5)] long Bytes,
    [property: Id(6)] bool IsFromRam,
    [property: Id(7)] bool IsPartial,
    [property: Id(8)] bool SaveFirst);
