namespace Bioproxy.Cluster.Messages;

/// <summary>How a turn ended.</summary>
[GenerateSerializer]
[Alias("bioproxy.turn-outcome")]
internal sealed class TurnOutcome
{
    /// <summary>The whole answer came: its slot is idle.</summary>
    [Id(0)]
    public bool IsComplete { get; init; }

    [Id(1)]
    public bool IsStreaming { get; init; }

    /// <summary>How much of the prompt the slot holds for certain, from 0 to 1.</summary>
    [Id(2)]
    public double Coverage { get; init; }

    /// <summary>The slot, where an answer to unpinned work told it.</summary>
    [Id(3)]
    public int? Slot { get; init; }

    [Id(4)]
    public bool HasOtherExplanation { get; init; }

    /// <summary>What the answer says of its prompt; null when it says nothing.</summary>
    [Id(5)]
    public TimingsMessage? Timings { get; init; }

    /// <summary>The preamble that the owner asked for with the placement.</summary>
    [Id(6)]
    public PreambleMessage? Preamble { get; init; }
}
