using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Leaking;

/// <summary>
/// Listens to an event of the process and never lets go, so that the runtime cannot unload its assembly as long as the process runs.
/// </summary>
[PromptTransform("leaking")]
public sealed class LeakingTransform : IPromptTransform
{
    private bool _isEnding;

    public LeakingTransform() => AppDomain.CurrentDomain.ProcessExit += (_, _) => _isEnding = true;

    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        if (context.Messages[^1].Parts[0] is { Text: { } text } part && !_isEnding)
            part.Text = text + " [leaking]";
        return ValueTask.CompletedTask;
    }
}
