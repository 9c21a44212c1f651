using Bioproxy.Abstractions;

namespace MyPlugins;

[PromptTransform("brief", Order = 10)]
public sealed class Brief : IPromptTransform
{
    private const string Mark = " !brief";

    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        foreach (var part in context.Messages.Where(m => m.Role == "user").SelectMany(m => m.Parts))
        {
            if (part.Text is { } text && text.EndsWith(Mark, StringComparison.Ordinal))
                part.Text = text[..^Mark.Length] + "\n\nAnswer in three sentences at most.";
        }

        return ValueTask.CompletedTask;
    }
}
