namespace Bioproxy.Abstractions;

/// <summary>A step that answers a request itself, with any number of questions to the backend.</summary>
/// <remarks>
/// Export it with <see cref="RequestHandlerAttribute"/>. It runs after the transforms, and its answer passes through the response
/// transforms. It holds no slot: each call of <see cref="RequestCall.AskAsync"/> waits for one of its own. Since contract 1.1.
/// </remarks>
public interface IRequestHandler
{
    /// <summary>Answers a request, or declines it.</summary>
    /// <param name="request">The request. Valid until the returned task completes.</param>
    /// <param name="cancellationToken">Cancelled when the client leaves or the handler's time budget is used up.</param>
    /// <returns>True if it was answered with <see cref="RequestCall.WriteAsync"/>; false, with nothing written, to decline it: the request
    /// then takes its usual way.</returns>
    ValueTask<bool> HandleAsync(RequestCall request, CancellationToken cancellationToken);
}
