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
    private static readonly string[] BeforeTriggers = [" ", "\t", "\r", "\n", "\u00A0", "<"];

    private readonly ITemplateLibrary _templates = host.Templates;

    /// <inheritdoc/>
    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        foreach (var message in context.Messages)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (message.Role == "user" && FirstText(message) is { } part && Find(part) is { } found)
                part.Text = Expand(part.Text!, found, context);
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

    private TriggerMatch? Find(PromptPart part) =>
        MayBegin(part) && part.Text is { } text ? TriggerMatch.Find(text, _templates.Prefixes) : null;

    // Only such a text is worth decoding.
    private bool MayBegin(PromptPart part)
    {
        foreach (var before in BeforeTriggers)
        {
            if (part.StartsWith(before))
                return true;
        }

        foreach (var trigger in _templates.Prefixes)
        {
            if (part.StartsWith(trigger[..1]) || (char.IsLetter(trigger[0]) && part.StartsWith(OtherCase(trigger[0]))))
                return true;
        }

        return false;
    }

    private static string OtherCase(char letter) =>
        (char.IsLower(letter) ? char.ToUpperInvariant(letter) : char.ToLowerInvariant(letter)).ToString();

    private string Expand(string text, TriggerMatch found, PromptContext context)
    {
        var words = text[found.MessageStart..found.MessageEnd];
        var rendered = _templates.Render(found.Trigger, new TemplateVariables(words) { Model = context.Model, Time = context.Time });
        var isWrapped = found.MessageEnd < text.Length;
        return isWrapped ? text[..found.Start] + rendered + text[found.MessageEnd..] : rendered;
    }
}
