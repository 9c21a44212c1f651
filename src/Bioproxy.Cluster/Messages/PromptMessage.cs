namespace Bioproxy.Cluster.Messages;

/// <summary>A prompt on its way to the proxy that schedules its server: the canonical text, because only the text says where a prompt
/// parts from what a slot holds, and its block hashes, which need not be computed twice. A long prompt that is only estimated comes without
/// the text.</summary>
[GenerateSerializer]
[Alias("bioproxy.prompt")]
internal sealed class PromptMessage
{
    [Id(0)]
    public required ReadOnlyMemory<byte> Text { get; init; }

    /// <summary>The chain of block hashes, 16 bytes each, the hash of the whole text last.</summary>
    [Id(1)]
    public required ReadOnlyMemory<byte> Hashes { get; init; }

    [Id(2)]
    public uint? TailCheck { get; init; }

    /// <summary>Where the head ends, where the first message that is no system message begins, and where it ends.</summary>
    [Id(3)]
    public (int Head, int BodyStart, int FirstMessageEnd) Marks { get; init; }

    [Id(4)]
    public bool HasSystemMember { get; init; }

    [Id(5)]
    public string? Session { get; init; }

    [Id(6)]
    public bool IsSessionShared { get; init; }

    [Id(7)]
    public int Turns { get; init; }

    [Id(8)]
    public int Tools { get; init; }

    /// <summary>What it is beside a conversation, by number.</summary>
    [Id(9)]
    public int Side { get; init; }

    [Id(10)]
    public bool IsRepeated { get; init; }

    [Id(11)]
    public bool CanPin { get; init; }

    /// <summary>What the request looks like: the owner compares it with the requests that came before, through whichever proxy.</summary>
    [Id(12)]
    public int Messages { get; init; }

    [Id(13)]
    public int UserTurns { get; init; }

    [Id(14)]
    public int? MaxTokens { get; init; }

    [Id(15)]
    public bool HasSchema { get; init; }

    [Id(16)]
    public bool IsTask { get; init; }

    /// <summary>The text's length, also where the text does not come along.</summary>
    [Id(17)]
    public int Length { get; init; }

    /// <summary>Checksums that tell openings apart, where the text does not come along.</summary>
    [Id(18)]
    public (ulong Opening, ulong FirstMessage) Checksums { get; init; }
}
