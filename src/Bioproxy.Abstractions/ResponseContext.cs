namespace Bioproxy.Abstractions;

/// <summary>A response on its way to the client.</summary>
public sealed class ResponseContext
{
    /// <summary>Created by the host, and by tests of plugins.</summary>
    /// <param name="prompt">The prompt it answers.</param>
    /// <param name="isStream">Whether it is a stream of events.</param>
    public ResponseContext(PromptContext prompt, bool isStream)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        Prompt = prompt;
        IsStream = isStream;
    }

    /// <summary>The prompt as the backend received it, with <see cref="PromptContext.State"/> as the plugin's transforms left it.</summary>
    public PromptContext Prompt { get; }

    /// <summary>Whether the response is a stream of events.</summary>
    public bool IsStream { get; }
}
