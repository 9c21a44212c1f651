namespace Bioproxy.Abstractions;

/// <summary>What a template is rendered with.</summary>
/// <param name="message">The user's message without the prefix; may be empty.</param>
public sealed class TemplateVariables(string message)
{
    /// <summary>The user's message without the prefix; may be empty.</summary>
    public string Message { get; } = message;
}
