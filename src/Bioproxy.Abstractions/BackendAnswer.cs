namespace Bioproxy.Abstractions;

/// <summary>The backend's answer to a plugin's question.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="body">The body; empty for a stream.</param>
public sealed class BackendAnswer(int status, ReadOnlyMemory<byte> body)
{
    /// <summary>The HTTP status: 200, or that of an error, which <see cref="Body"/> describes.</summary>
    public int Status { get; } = status;

    /// <summary>The body as received; empty for a stream.</summary>
    public ReadOnlyMemory<byte> Body { get; } = body;

    /// <summary>The answer's text (of the first choice, without reasoning); null if there is none, as in embeddings and errors.</summary>
    public string? Text { get; init; }

    /// <summary>The number of prompt tokens, if the backend reported it.</summary>
    public int? PromptTokens { get; init; }

    /// <summary>The number of prompt tokens that were reused from the cache, if the backend reported it.</summary>
    public int? CachedTokens { get; init; }
}
