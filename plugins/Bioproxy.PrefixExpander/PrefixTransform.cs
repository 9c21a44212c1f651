using System.Composition;
using Bioproxy.Abstractions;

namespace Bioproxy.PrefixExpander;

/// <summary>Replaces <c>@prefix message</c> by the prefix's template with that message, in every user message of the history.</summary>
/// <remarks>
/// Every message and not only the last: a client sends the history as the user typed it, and if an older turn were left unexpanded,
/// the second turn of a conversation would lose the template, and with it the whole KV cache.
/// </remarks>
[PromptTransform("prefix-expander")]
[method: ImportingConstructor]
public sealed class PrefixTransform(IPluginHost host) : IPromptTransform
{
    private readonly ITemplateLibrary _templates = host.Templates;

    /// <inheritdoc/>
    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        foreach (var message in context.Messages)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (message.Role == "user" && FirstText(message) is { Text: { } text } part && FindPrefix(text) is { } prefix)
            {
                var words = text[prefix.Length..].TrimStart();
                part.Text = _templates.Render(prefix, new TemplateVariables(words) { Model = context.Model, Time = context.Time });
            }
        }

        return ValueTask.CompletedTask;
    }

    private static PromptPart? FirstText(PromptMessage message)
    {
        foreach (var part in message.Parts)
        {
            if (part is { Type: "text" or "input_text", Text: not null })
                return part;
        }

        return null;
    }

    // The library lists the longest prefixes first, so the first match is the longest.
    private string? FindPrefix(string text)
    {
        foreach (var prefix in _templates.Prefixes)
        {
            if (text.StartsWith(prefix, StringComparison.Ordinal)
                && (text.Length == prefix.Length || char.IsWhiteSpace(text[prefix.Length])))
                return prefix;
        }

        return null;
    }
}
