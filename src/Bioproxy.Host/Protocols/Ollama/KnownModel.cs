using System.Text.Json;

namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>A model as Ollama's lists describe it. Null and zero mean that the backend did not say.</summary>
/// <param name="Name">What clients call it.</param>
internal sealed record KnownModel(string Name)
{
    /// <summary>When it became known here; backends do not say how old a file is.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>What tells it from other models of the same name.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Bytes of its weights.</summary>
    public long Size { get; init; }

    public long Parameters { get; init; }

    public string? Quantization { get; init; }

    /// <summary>Tokens that it was trained for.</summary>
    public int? TrainedContext { get; init; }

    /// <summary>Tokens of one conversation as it is loaded now.</summary>
    public int? Context { get; init; }

    public int? EmbeddingLength { get; init; }

    /// <summary>Its chat template.</summary>
    public string? Template { get; init; }

    /// <summary>It reads images.</summary>
    public bool SeesImages { get; init; }

    /// <summary>It calls tools.</summary>
    public bool CallsTools { get; init; }

    /// <summary>What an Ollama server says of it itself; null for a model of another server.</summary>
    public JsonElement? Entry { get; init; }

    /// <summary>It is in memory.</summary>
    public bool IsLoaded { get; init; } = true;
}
