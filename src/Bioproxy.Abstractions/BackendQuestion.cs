namespace Bioproxy.Abstractions;

/// <summary>A question of a plugin's to the backend.</summary>
/// <param name="path">The path, for example <c>/v1/chat/completions</c> or <c>/v1/embeddings</c>.</param>
/// <param name="body">The request's body: a JSON object in UTF-8. With <c>"stream": true</c> the answer's text comes through <see cref="OnText"/>.</param>
public sealed class BackendQuestion(string path, ReadOnlyMemory<byte> body)
{
    /// <summary>The path.</summary>
    public string Path { get; } = path;

    /// <summary>The request's body.</summary>
    public ReadOnlyMemory<byte> Body { get; } = body;

    /// <summary>Is given each piece of the answer's text as it comes, when the body asks for a stream; awaited before the next one.</summary>
    public Func<string, ValueTask>? OnText { get; init; }

    /// <summary>The lane it waits in. A question of a handler goes in the lane of its request, whatever stands here.</summary>
    public PromptLane Lane { get; init; } = PromptLane.Batch;
}
