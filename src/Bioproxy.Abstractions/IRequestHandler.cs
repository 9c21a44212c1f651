namespace Bioproxy.Abstractions;

/// <summary>A step that answers a request itself, or by asking the backend as often as it likes.</summary>
/// <remarks>
/// Export it with <see cref="RequestHandlerAttribute"/>. It runs when the prompt has been transformed, and what it answers goes through the
/// response transforms. It holds no slot: each call of <see cref="RequestCall.AskAsync"/> waits for one of its own. Since contract 1.1.
/// </remarks>
public interface IRequestHandler
{
    /// <summary>Answers a request, or leaves it.</summary>
    /// <param name="request">The request. Valid until the returned task completes.</param>
    /// <param name="cancellationToken">Cancelled when the client leaves or the handler's time budget is used up.</param>
    /// <returns>True when it was answered by <see cref="RequestCall.WriteAsync"/>; false, with nothing written, and it goes its usual way.</returns>
    ValueTask<bool> HandleAsync(RequestCall request, CancellationToken cancellationToken);
}
