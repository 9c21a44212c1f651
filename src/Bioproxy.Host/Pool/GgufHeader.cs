namespace Bioproxy.Host.Pool;

/// <summary>
/// What a GGUF file's header says about the memory that its model needs (github ggml docs/gguf.md, versions 2 and 3).
/// </summary>
internal sealed record GgufHeader
{
    /// <summary><c>general.architecture</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The bytes of all tensors in this file.</summary>
    public required long TensorBytes { get; init; }

    /// <summary>The context that the model was trained with, in tokens; 0 when not given.</summary>
    public required long ContextLength { get; init; }

    /// <summary>Elements of the keys of one token in all layers together; 0 for a model without attention.</summary>
    public required long KeyElements { get; init; }

    /// <summary>Elements of the values of one token in all layers together.</summary>
    public required long ValueElements { get; init; }

    /// <returns>The header, or null and the problem.</returns>
    public static (GgufHeader? Header, string? Problem) Read(string path)
    {
        try
        {
            using var file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1 << 16);
            return (Read(new GgufReader(file)), null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return (null, $"{path}: {exception.Message}");
        }
    }

    private static GgufHeader Read(GgufReader reader)
    {
        var (tensors, metadata) = reader.ReadStart();
        var values = new GgufMetadata();
        for (var i = 0L; i < metadata; i++)
            values.Add(reader.ReadString(), reader.ReadValue());
        var tensorBytes = reader.SkipTensors(tensors, values.Number("general.alignment") ?? 32);

        var layers = (int)Math.Clamp(values.OfArchitecture("block_count"), 0, 10_000);
        var width = values.OfArchitecture("embedding_length");
        var heads = values.OfArchitecture("attention.head_count", layers);
        var kvHeads = values.OfArchitecture("attention.head_count_kv", layers) ?? heads ?? new long[layers];
        var headSize = heads is { Length: > 0 } && heads.Max() is > 0 and var count ? width / count : 0;
        var keyLength = values.OfArchitecture("attention.key_length", defaultValue: headSize);
        var valueLength = values.OfArchitecture("attention.value_length", defaultValue: headSize);
        return new GgufHeader
        {
            Architecture = values.Architecture,
            TensorBytes = tensorBytes,
            ContextLength = values.OfArchitecture("context_length"),
            KeyElements = kvHeads.Sum() * keyLength,
            ValueElements = kvHeads.Sum() * valueLength,
        };
    }
}
