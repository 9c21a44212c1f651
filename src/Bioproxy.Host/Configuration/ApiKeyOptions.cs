using Bioproxy.Abstractions;

namespace Bioproxy.Host.Configuration;

/// <summary>One entry of <c>api_keys</c>: who may ask, and how much.</summary>
/// <param name="Name">Its name in the configuration. It stands for the key wherever people read.</param>
/// <param name="Hash">The key's SHA-256, which is all that is kept of it.</param>
internal sealed record ApiKeyOptions(string Name, KeyHash Hash)
{
    /// <summary>The lane in which its requests wait; a request may ask for the batch lane, not for a better one.</summary>
    public PromptLane Lane { get; init; } = PromptLane.Interactive;

    /// <summary>The models that it may use, by name or with <c>*</c>; empty for all.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Requests per minute; null for any number.</summary>
    public long? RequestsPerMinute { get; init; }

    /// <summary>Tokens per minute, of prompts and answers together; null for any number.</summary>
    public long? TokensPerMinute { get; init; }

    /// <summary>It may also use what concerns all clients: slots, adapters, loading of models, and paths that the proxy does not
    /// know.</summary>
    public bool HasFullAccess { get; init; }
}
