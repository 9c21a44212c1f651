namespace Bioproxy.Abstractions;

/// <summary>What the backend answered to a plugin's question.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="body">The body; empty for a stream.</param>
public sealed class BackendAnswer(int status, ReadOnlyMemory<byte> body)
{
    /// <summary>The HTTP status: 200, or an error of the backend's with its words in <see cref="Body"/>.</summary>
    public int Status { get; } = status;

    /// <summary>The body as it came; empty for a stream.</summary>
    public ReadOnlyMemory<byte> Body { get; } = body;

    /// <summary>The text of the answer (of the first choice, without reasoning); null when there is none, as with embeddings and errors.</summary>
    public string? Text { get; init; }

    /// <summary>Tokens of the prompt, where the backend told.</summary>
    public int? PromptTokens { get; init; }

    /// <summary>Tokens of the prompt that were not computed again, where the backend told.</summary>
    public int? CachedTokens { get; init; }
}
