using Bioproxy.Abstractions;
using Bioproxy.Host.Plugins;

namespace Bioproxy.Host.Transforms;

/// <summary>Runs the plugins' transforms over a prompt. All of them together have one time budget.</summary>
/// <param name="fence">The fence around them; disposed with this.</param>
internal sealed class TransformChain(PluginFence fence) : IDisposable
{
    /// <summary>The fence around everything that plugins do inside a request, except handlers.</summary>
    public PluginFence Fence => fence;

    /// <summary>Runs transforms on the caller's thread, as far as they do not yield it.</summary>
    /// <param name="transforms">The transforms, in this order.</param>
    /// <param name="context">The prompt.</param>
    /// <param name="answer">Answers the request with a failure when a transform blocks the caller's thread.</param>
    /// <param name="cancellationToken">The client's leaving, noticed where a transform yields.</param>
    /// <returns>The outcome; without any transform it is there at once.</returns>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public async ValueTask<PluginResult> RunHereAsync(
        IReadOnlyList<PluginTransform> transforms,
        PromptContext context,
        Func<PluginFailure, Task> answer,
        CancellationToken cancellationToken)
    {
        if (transforms.Count == 0)
            return default;
        var result = await fence
            .RunHereAsync(transforms, (transform, stop) => transform.TransformAsync(context, stop), answer, cancellationToken)
            .ConfigureAwait(false);
        return result.ClientLeft ? throw new OperationCanceledException(cancellationToken) : result;
    }

    /// <summary>Runs transforms on another thread.</summary>
    /// <returns>The outcome; without any transform it is there at once.</returns>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public async ValueTask<PluginResult> RunAsync(
        IReadOnlyList<PluginTransform> transforms, PromptContext context, CancellationToken cancellationToken)
    {
        if (transforms.Count == 0)
            return default;
        var result = await fence
            .RunAsync(transforms, (transform, stop) => transform.TransformAsync(context, stop), interruption: null, cancellationToken)
            .ConfigureAwait(false);
        return result.ClientLeft ? throw new OperationCanceledException(cancellationToken) : result;
    }

    public void Dispose() => fence.Dispose();
}
