using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.NothingExported;

/// <summary>A transform whose author forgot the attribute.</summary>
public sealed class ForgottenTransform : IPromptTransform
{
    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
