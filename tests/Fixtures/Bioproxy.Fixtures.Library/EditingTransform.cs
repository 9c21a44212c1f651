using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Library;

/// <summary>A base class in an assembly of the plugin's own: without that assembly the plugin's types cannot be loaded.</summary>
public abstract class EditingTransform : IPromptTransform
{
    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        if (context.Messages.Any(message => message.Parts.Any(part => part.Text?.StartsWith("[later]", StringComparison.Ordinal) == true)))
            context.Lane = PromptLane.Batch;
        foreach (var part in context.Messages.SelectMany(message => message.Parts))
        {
            if (part.Text is { } text)
                part.Text = Edit(text);
        }

        return ValueTask.CompletedTask;
    }

    protected abstract string Edit(string text);
}
