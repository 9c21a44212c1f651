using Bioproxy.Abstractions;

namespace PluginNamespace;

/// <summary>Writes what users say in capital letters.</summary>
/// <remarks>
/// In every message of the history, not only the last: then the next turn begins as this one did, and keeps its KV cache.
/// </remarks>
[PromptTransform("shout", Order = 10)] // behind the prefix expander, which has 0 and would not know @CODE
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
