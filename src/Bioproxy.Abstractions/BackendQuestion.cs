namespace Bioproxy.Abstractions;

/// <summary>A plugin's question to the backend.</summary>
/// <param name="path">The path, for example <c>/v1/chat/completions</c> or <c>/v1/embeddings</c>.</param>
/// <param name="body">The request's body: a JSON object in UTF-8. With <c>"stream": true</c> the answer's text arrives through
/// <see cref="OnText"/>.</param>
public sealed class BackendQuestion(string path, ReadOnlyMemory<byte> body)
{
    /// <summary>The path.</summary>
    public string Path { get; } = path;

    /// <summary>The request's body.</summary>
    public ReadOnlyMemory<byte> Body { get; } = body;

    /// <summary>Receives each piece of the answer's text if the body asks for a stream; awaited before the next piece.</summary>
    public Func<string, ValueTask>? OnText { get; init; }

    /// <summary>The lane to wait in. A handler's question always uses the lane of its request.</summary>
    public PromptLane Lane { get; init; } = PromptLane.Batch;
}
