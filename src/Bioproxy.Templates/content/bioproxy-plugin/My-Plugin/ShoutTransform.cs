using Bioproxy.Abstractions;

namespace PluginNamespace;

/// <summary>Converts user messages to capital letters.</summary>
/// <remarks>
/// In every message of the history, not only the last, so that the next turn shares the prompt prefix and keeps its KV cache.
/// </remarks>
[PromptTransform("shout", Order = 10)] // after the prefix expander (order 0), which would not recognise @CODE
public sealed class ShoutTransform : IPromptTransform
{
    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        foreach (var part in context.Messages.Where(message => message.Role == "user").SelectMany(message => message.Parts))
        {
            if (part.Text is { } text)
                part.Text = text.ToUpperInvariant();
        }

        return ValueTask.CompletedTask;
    }
}
