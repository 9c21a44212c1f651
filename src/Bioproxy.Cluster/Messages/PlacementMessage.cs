namespace Bioproxy.Cluster.Messages;

/// <summary>Where a request goes, as far as the proxy that sends it has to know.</summary>
[GenerateSerializer]
[Alias("bioproxy.placement")]
internal sealed class PlacementMessage
{
    /// <summary>The server's slots are managed; otherwise it chooses.</summary>
    [Id(0)]
    public bool IsManaged { get; init; }

    /// <summary>The slot to pin.</summary>
    [Id(1)]
    public int? Pin { get; init; }

    /// <summary>The slot that holds what was planned, whether the request can be pinned to it or not.</summary>
    [Id(2)]
    public int? Slot { get; init; }

    /// <summary>Where the prefix comes from, by number.</summary>
    [Id(3)]
    public int Source { get; init; }

    [Id(4)]
    public int SharedBytes { get; init; }

    [Id(5)]
    public bool ForbidsReuse { get; init; }

    [Id(6)]
    public double ExpectedTokens { get; init; }

    [Id(7)]
    public bool IsExpectedInRam { get; init; }

    [Id(8)]
    public bool IsPartial { get; init; }

    /// <summary>The options that were compared, for the explanation, the chosen one first; null where there was nothing to
    /// compare.</summary>
    [Id(9)]
    public OptionMessage[]? Options { get; init; }

    /// <summary>How much of the prompt begins a conversation of its own as another one does: the owner asks for that preamble with the
    /// outcome. 0 for nothing.</summary>
    [Id(10)]
    public int NewPreamble { get; init; }

    /// <summary>What the prompt is beside a conversation, by number, as the owner sees it; null where it did not compare.</summary>
    [Id(11)]
    public int? Side { get; init; }
}
