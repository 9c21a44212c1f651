namespace Bioproxy.Abstractions;

/// <summary>A request in the hands of an <see cref="IRequestHandler"/>.</summary>
public abstract class RequestCall
{
    /// <summary>The prompt, with the edits of the transforms.</summary>
    public abstract PromptContext Prompt { get; }

    /// <summary>The path that the client called, such as <c>/v1/chat/completions</c>.</summary>
    public abstract string Path { get; }

    /// <summary>Whether the client asked for a stream.</summary>
    public abstract bool IsStream { get; }

    /// <summary>The request's body as the backend would get it: UTF-8 JSON with the edits of the transforms.</summary>
    public abstract ReadOnlyMemory<byte> Body { get; }

    /// <summary>Asks the backend, with a lease of its own in the lane of this request, and with the client's headers. May be called several times at once:
    /// the backend's slots and the queue are the bound. No plugin sees such a question.</summary>
    /// <param name="question">The question.</param>
    /// <param name="cancellationToken">Stops waiting, and the backend's work.</param>
    /// <returns>The answer, of whatever status.</returns>
    /// <exception cref="BackendUnavailableException">There was none: no slot became free in time, or the backend could not be reached.</exception>
    public abstract Task<BackendAnswer> AskAsync(BackendQuestion question, CancellationToken cancellationToken);

    /// <summary>Writes a piece of the answer. The host puts it into the form of the endpoint; where the client reads a stream it goes out at once.</summary>
    /// <param name="text">The piece.</param>
    /// <param name="cancellationToken">Stops waiting for the client.</param>
    /// <returns>A task that completes when the client's connection has taken it.</returns>
    public abstract ValueTask WriteAsync(string text, CancellationToken cancellationToken);
}
