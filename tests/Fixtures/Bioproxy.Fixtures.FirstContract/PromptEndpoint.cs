namespace Bioproxy.Abstractions;

/// <summary>The families of endpoints that carry a prompt.</summary>
public enum PromptEndpoint
{
    /// <summary>OpenAI chat completions (<c>messages</c>).</summary>
    Chat,

    /// <summary>Raw completions (<c>prompt</c>).</summary>
    Completion,

    /// <summary>OpenAI responses (<c>input</c>).</summary>
    Responses,

    /// <summary>Anthropic messages (<c>messages</c>).</summary>
    Messages,
}
