using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Throwing;

/// <summary>Edits something and then fails.</summary>
[PromptTransform("throwing")]
public sealed class ThrowingTransform : IPromptTransform
{
    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        context.Messages[0].Parts[0].Text = "half done";
        throw new InvalidOperationException("this plugin always fails");
    }
}
