namespace Bioproxy.Abstractions;

/// <summary>A step that edits the model's answer on its way to the client: JSON answers and streams alike.</summary>
/// <remarks>
/// Export it with <see cref="ResponseTransformAttribute"/>. One instance serves all requests, from many threads at once; the state of one
/// response belongs in the editor. Only answers with status 200 are edited. Since contract 1.1.
/// </remarks>
public interface IResponseTransform
{
    /// <summary>Begins one text of a response. An answer may have several at once: choices, reasoning beside the answer, tool arguments.
    /// </summary>
    /// <param name="context">The response and the prompt it answers. Valid until the response has ended.</param>
    /// <param name="channel">Which of its texts begins.</param>
    /// <returns>The editor of this text; null to let it pass. A response whose texts have no editor passes unchanged.</returns>
    IResponseEditor? Begin(ResponseContext context, ResponseChannel channel);
}
