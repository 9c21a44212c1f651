namespace Bioproxy.Abstractions;

/// <summary>A step that edits a request's prompt before the request is queued for a slot.</summary>
/// <remarks>
/// Export it with <see cref="PromptTransformAttribute"/>. One instance serves all requests, from many threads at once:
/// keep no state of a request in fields. A transform should be a pure function of the prompt: warm-up runs the same chain
/// with placeholder messages to find the prompt prefix that never changes, and anything volatile (a date, a counter) that
/// a transform writes ahead of the user's words makes the KV cache behind it useless.
/// </remarks>
public interface IPromptTransform
{
    /// <summary>Edits the prompt by assigning <see cref="PromptPart.Text"/> of the parts to change.</summary>
    /// <param name="context">The prompt. Valid until the returned task completes; do not keep it.</param>
    /// <param name="cancellationToken">Cancelled when the client leaves or the plugin's time budget is used up.</param>
    /// <returns>A task that completes when the edits are done. If it fails, or the time budget ends first, none of this
    /// request's edits are used and the client receives status 500 naming the plugin.</returns>
    ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken);
}
