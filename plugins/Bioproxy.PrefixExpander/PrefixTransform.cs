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
            if (message.Role == "user" && FirstText(message) is { } part && FindTrigger(part) is { } trigger)
            {
                var words = part.Text![trigger.Length..].TrimStart();
                part.Text = _templates.Render(trigger, new TemplateVariables(words) { Model = context.Model, Time = context.Time });
            }
        }

        return ValueTask.CompletedTask;
    }

    // Long texts are decoded only where they begin with a trigger, or where another part follows that may be the first with a text.
    private static PromptPart? FirstText(PromptMessage message)
    {
        for (var i = 0; i < message.Parts.Count; i++)
        {
            var part = message.Parts[i];
            if (part.Type is "text" or "input_text" && (i == message.Parts.Count - 1 || part.Text is not null))
                return part;
        }

        return null;
    }

    // The library lists the longest triggers first, so the first match is the longest.
    private string? FindTrigger(PromptPart part)
    {
        foreach (var trigger in _templates.Prefixes)
        {
            if (part.StartsWith(trigger) && part.Text is { } text
                && (text.Length == trigger.Length || char.IsWhiteSpace(text[trigger.Length])))
                return trigger;
        }

        return null;
    }
}
