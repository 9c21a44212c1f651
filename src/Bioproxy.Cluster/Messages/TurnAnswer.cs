namespace Bioproxy.Cluster.Messages;

/// <summary>The answer to a <see cref="TurnRequest"/>: a placement, or why there is none.</summary>
[GenerateSerializer]
[Alias("bioproxy.turn-answer")]
internal sealed class TurnAnswer
{
    /// <summary>Null when the turn was refused.</summary>
    [Id(0)]
    public PlacementMessage? Placement { get; init; }

    /// <summary>Why the queue refused, by number; 0 when it did not.</summary>
    [Id(1)]
    public int Refusal { get; init; }

    [Id(2)]
    public TimeSpan Waited { get; init; }

    [Id(3)]
    public TimeSpan RetryAfter { get; init; }

    /// <summary>Why the model cannot be used, and the kind of that failure by number; null when it can.</summary>
    [Id(4)]
    public string? Failure { get; init; }

    [Id(5)]
    public int FailureKind { get; init; }

    /// <summary>The proxy that was asked does not schedule this model: it is not in its configuration, or its server was never
    /// found.</summary>
    [Id(6)]
    public bool IsUnknown { get; init; }

    /// <summary>How many slots the lease takes.</summary>
    [Id(7)]
    public int Weight { get; init; }
}
