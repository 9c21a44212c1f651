namespace Bioproxy.Cluster.Messages;

/// <summary>Asks for a turn at a model: a lease from its queue, and a place for the prompt.</summary>
[GenerateSerializer]
[Alias("bioproxy.turn-request")]
internal sealed class TurnRequest
{
    /// <summary>Made by the proxy that asks; asking again with the same number is the same request.</summary>
    [Id(0)]
    public required Guid Turn { get; init; }

    /// <summary>The name of the proxy that asks. Its turns end when it is found to be dead.</summary>
    [Id(1)]
    public required string Proxy { get; init; }

    /// <summary>The model of the server, by the name that it has there; null for the only one.</summary>
    [Id(2)]
    public string? Model { get; init; }

    /// <summary>The lane, by number.</summary>
    [Id(3)]
    public int Lane { get; init; }

    /// <summary>How many slots it takes. None for a call that is answered beside the slots, such as one that counts tokens: it waits for
    /// its model, not in the queue.</summary>
    [Id(4)]
    public int Weight { get; init; } = 1;

    [Id(5)]
    public ulong Client { get; init; }

    /// <summary>Seconds that the prompt is expected to take; 0 when that was not asked.</summary>
    [Id(6)]
    public double PromptSeconds { get; init; }

    [Id(7)]
    public string? Domain { get; init; }

    /// <summary>Null when nothing of it may be reused.</summary>
    [Id(8)]
    public PromptMessage? Prompt { get; init; }
}
