using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Hanging;

/// <summary>Blocks its thread until the process ends.</summary>
[PromptTransform("hanging")]
public sealed class HangingTransform : IPromptTransform
{
    private static readonly ManualResetEvent Never = new(false);

    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        Never.WaitOne();
        return ValueTask.CompletedTask;
    }
}
