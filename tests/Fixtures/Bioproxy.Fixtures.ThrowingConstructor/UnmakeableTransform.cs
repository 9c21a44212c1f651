using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.ThrowingConstructor;

/// <summary>Cannot be made.</summary>
[PromptTransform("unmakeable")]
public sealed class UnmakeableTransform : IPromptTransform
{
    public UnmakeableTransform() => throw new InvalidOperationException("no licence found");

    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
