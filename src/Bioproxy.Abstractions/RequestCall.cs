namespace Bioproxy.Abstractions;

/// <summary>A request that is offered to an <see cref="IRequestHandler"/>.</summary>
public abstract class RequestCall
{
    /// <summary>The prompt, with the edits of the transforms.</summary>
    public abstract PromptContext Prompt { get; }

    /// <summary>The path that the client requested, such as <c>/v1/chat/completions</c>.</summary>
    public abstract string Path { get; }

    /// <summary>Whether the client asked for a stream.</summary>
    public abstract bool IsStream { get; }

    /// <summary>The request's body as the backend would receive it: UTF-8 JSON with the edits of the transforms.</summary>
    public abstract ReadOnlyMemory<byte> Body { get; }

    /// <summary>Asks the backend with a lease of its own in the lane of this request, and with the client's headers. May be called several
    /// times at once, within the limits of the queue. Plugins do not see such questions.</summary>
    /// <param name="question">The question.</param>
    /// <param name="cancellationToken">Stops waiting, and the backend's work.</param>
    /// <returns>The answer, whatever its status.</returns>
    /// <exception cref="BackendUnavailableException">No slot became free in time, or the backend could not be reached.</exception>
    public abstract Task<BackendAnswer> AskAsync(BackendQuestion question, CancellationToken cancellationToken);

    /// <summary>Writes a piece of the answer. The host wraps it in the format of the endpoint; in a stream it is sent at once.</summary>
    /// <param name="text">The piece.</param>
    /// <param name="cancellationToken">Stops waiting for the client.</param>
    /// <returns>A task that completes when the client's connection has accepted it.</returns>
    public abstract ValueTask WriteAsync(string text, CancellationToken cancellationToken);
}
