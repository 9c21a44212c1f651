namespace Bioproxy.Abstractions;

/// <summary>One message of a prompt.</summary>
/// <param name="role">The role as sent.</param>
/// <param name="parts">The content's parts, in order.</param>
public sealed class PromptMessage(string role, IReadOnlyList<PromptPart> parts)
{
    /// <summary>The role as sent: <c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c> …; empty when missing.</summary>
    public string Role { get; } = role;

    /// <summary>The content. A plain string is one part of type <c>text</c>; no content is an empty list.</summary>
    public IReadOnlyList<PromptPart> Parts { get; } = parts;

    /// <summary>The slash commands at the beginning of this user message, without the slash, in the order written; the host has removed
    /// them from the text. Since contract 1.1.</summary>
    public IReadOnlyList<string> Commands { get; set; } = [];
}
