namespace Bioproxy.Doubles;

/// <summary>What is different about the answer to one request.</summary>
internal sealed record FakeMisbehaviour
{
    public static FakeMisbehaviour None { get; } = new();

    public FakeWire Wire { get; init; }

    /// <summary>Correct chunks before <see cref="Wire"/> takes effect, where that concerns chunks.</summary>
    public int AfterChunks { get; init; }

    /// <summary>By how many bytes a length is wrong.</summary>
    public int Amount { get; init; } = 5;

    /// <summary>The connection is reset instead of closed.</summary>
    public bool IsReset { get; init; }

    /// <summary>Bytes of each write; 0 writes whole pieces.</summary>
    public int WriteSize { get; init; }

    /// <summary>Bytes of each chunk, whatever the events are; 0 makes a chunk of every event.</summary>
    public int ChunkSize { get; init; }

    /// <summary>All events go out as one chunk at the end.</summary>
    public bool IsMerged { get; init; }

    /// <summary>The answer's status instead of the real one; the request is not worked on (a restore empties the slot).</summary>
    public int? Status { get; init; }

    /// <summary>The answer's body instead of the real one; the request is not worked on.</summary>
    public string? Body { get; init; }

    /// <summary>What a save or a restore reports.</summary>
    public int? Tokens { get; init; }

    /// <summary>The request is not worked on before this is released.</summary>
    public FakeGate? Gate { get; init; }

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public IReadOnlyList<(string Name, string Value)> Trailers { get; init; } = [];

    public static FakeMisbehaviour Of(FakeWire wire, int afterChunks = 0) => new() { Wire = wire, AfterChunks = afterChunks };

    public static FakeMisbehaviour Answer(int status, string message = "the fake was told to") => new()
    {
        Status = status,
        Body = $$$"""{"error":{"code":{{{status}}},"message":"{{{message}}}","type":"server_error"}}""",
    };

    public static FakeMisbehaviour Garbage(string body = "{\"slots\":[not json") => new() { Body = body };

    /// <summary>Never answers, until the gate is released.</summary>
    public static FakeMisbehaviour NeverAnswer(FakeGate gate) => new() { Gate = gate };

    public static FakeMisbehaviour Reports(int tokens) => new() { Tokens = tokens };

    public static FakeMisbehaviour OneByteWrites() => new() { WriteSize = 1 };
}
