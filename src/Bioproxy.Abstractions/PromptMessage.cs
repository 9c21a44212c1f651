namespace Bioproxy.Abstractions;

/// <summary>One message of a prompt.</summary>
/// <param name="role">The role as sent.</param>
/// <param name="parts">The content's parts, in order.</param>
public sealed class PromptMessage(string role, IReadOnlyList<PromptPart> parts)
{
    private IReadOnlyList<PromptPart> _parts = parts;
    private Func<IReadOnlyList<PromptPart>>? _read;
    private IReadOnlyList<PromptPart>? _others;

    /// <summary>A message with texts beside its content. Created by the host. Since contract 1.2.</summary>
    /// <param name="role">The role as sent.</param>
    /// <param name="parts">The content's parts, in order.</param>
    /// <param name="others">Finds the <see cref="OtherParts"/>; called once, when a plugin first asks for them.</param>
    public PromptMessage(string role, IReadOnlyList<PromptPart> parts, Func<IReadOnlyList<PromptPart>> others)
        : this(role, parts) => _read = others;

    /// <summary>The role as sent: <c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c> …; empty when missing.</summary>
    public string Role { get; } = role;

    /// <summary>The content, with what plugins added. A plain string is one part of type <c>text</c>; no content is an empty list.
    /// </summary>
    public IReadOnlyList<PromptPart> Parts => _parts;

    /// <summary>Whether <see cref="AddText"/> may be used: the content is a text or a list of parts. Set by the host. Since contract 1.2.
    /// </summary>
    public bool CanAddText { get; init; } = true;

    /// <summary>Adds a text behind the content, as a part of its own that other plugins can edit. A content that is a plain string becomes
    /// a list; all its bytes stay. Since contract 1.2.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The new part.</returns>
    /// <exception cref="InvalidOperationException"><see cref="CanAddText"/> is false.</exception>
    public PromptPart AddText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!CanAddText)
            throw new InvalidOperationException("This message has no content that a text can be added to.");
        var part = new PromptPart("text", string.Empty);
        part.Text = text;
        _parts = [.. _parts, part];
        return part;
    }

    /// <summary>The texts beside the content, in the order sent. Their types are
    /// <c>tool_call</c>: the arguments of a call, as JSON in a text (<c>tool_calls</c>, <c>function_call</c> items, <c>tool_use</c>);
    /// <c>tool_result</c>: what a tool gave back (<c>function_call_output</c> items, <c>tool_result</c> blocks; the result in a message of
    /// the role <c>tool</c> is its content);
    /// <c>reasoning</c>: what the model thought (<c>reasoning_content</c>, <c>thinking</c> blocks, <c>reasoning</c> items).
    /// Edit them with care: arguments must stay JSON, or the backend refuses the request. Since contract 1.2.</summary>
    public IReadOnlyList<PromptPart> OtherParts
    {
        get
        {
            if (_others is null)
            {
                _others = _read?.Invoke() ?? [];
                _read = null;
            }

            return _others;
        }
    }

    /// <summary>The role that goes to the backend in place of <see cref="Role"/>; null leaves it. A message whose role is missing or not a
    /// string keeps it in any case. Since contract 1.2.</summary>
    public string? ReplacedRole { get; set; }

    /// <summary>Reasoning that goes to the backend with a chat message that came without any (<c>reasoning_content</c>); null adds none. In
    /// other protocols it is not used. Since contract 1.2.</summary>
    public string? AddedReasoning { get; set; }

    /// <summary>The slash commands at the beginning of this user message, without the slash, in the order written; the host has removed
    /// them from the text. Since contract 1.1.</summary>
    public IReadOnlyList<string> Commands { get; set; } = [];
}
