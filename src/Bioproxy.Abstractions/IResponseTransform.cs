namespace Bioproxy.Abstractions;

/// <summary>A step that edits what the model answers, on its way to the client: whole answers and streams alike.</summary>
/// <remarks>
/// Export it with <see cref="ResponseTransformAttribute"/>. One instance serves all requests, from many threads at once; what belongs to one
/// response lives in the editor. Only answers of status 200 are edited. Since contract 1.1.
/// </remarks>
public interface IResponseTransform
{
    /// <summary>Begins on one text of a response. An answer may have several at once: choices, the reasoning beside the answer, arguments of tools.</summary>
    /// <param name="context">The response and the prompt it answers. Valid until the response has ended.</param>
    /// <param name="channel">Which of its texts.</param>
    /// <returns>What edits this text; null lets it pass. While nobody edits any text of a response, its bytes pass untouched.</returns>
    IResponseEditor? Begin(ResponseContext context, ResponseChannel channel);
}
