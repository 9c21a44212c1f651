namespace Bioproxy.Cluster.Messages;

/// <summary>A prompt, cut off behind what it shares with other conversations, so that its owner can compute that part for later
/// ones.</summary>
[GenerateSerializer]
[Alias("bioproxy.preamble")]
internal sealed class PreambleMessage
{
    /// <summary>The request's body, with the edits of plugins.</summary>
    [Id(0)]
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The protocol of the body, by number.</summary>
    [Id(1)]
    public int Endpoint { get; init; }

    /// <summary>The string of the body in which it is cut: where it starts, and its length.</summary>
    [Id(2)]
    public (int Start, int Length) Token { get; init; }

    /// <summary>What is left of that string.</summary>
    [Id(3)]
    public required string Kept { get; init; }

    /// <summary>The canonical text up to the cut.</summary>
    [Id(4)]
    public required byte[] Text { get; init; }
}
