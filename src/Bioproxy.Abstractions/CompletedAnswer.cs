namespace Bioproxy.Abstractions;

/// <summary>An answer that the client has received whole. Since contract 1.2.</summary>
/// <param name="domain">The request's <see cref="PromptContext.Domain"/>.</param>
/// <param name="endpoint">The kind of endpoint.</param>
/// <param name="state">The request's <see cref="PromptContext.State"/>.</param>
/// <param name="parts">Its texts.</param>
public sealed class CompletedAnswer(
    string? domain, PromptEndpoint endpoint, IDictionary<object, object?> state, IReadOnlyList<AnswerPart> parts)
{
    /// <summary>The request's <see cref="PromptContext.Domain"/>.</summary>
    public string? Domain { get; } = domain;

    /// <summary>Which family of endpoint the client called.</summary>
    public PromptEndpoint Endpoint { get; } = endpoint;

    /// <summary>The request's <see cref="PromptContext.State"/> as the plugin's transforms left it.</summary>
    public IDictionary<object, object?> State { get; } = state;

    /// <summary>Its texts, in the order they began.</summary>
    public IReadOnlyList<AnswerPart> Parts { get; } = parts;
}
