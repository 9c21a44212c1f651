namespace Bioproxy.Abstractions;

/// <summary>Looks at complete answers after the client has them. It changes and delays nothing.</summary>
/// <remarks>
/// Export it with <see cref="AnswerObserverAttribute"/>. One instance serves all requests, from many threads at once. Only answers of the
/// backend with status 200 that reached the client whole are observed, as the client got them. Since contract 1.2.
/// </remarks>
public interface IAnswerObserver
{
    /// <summary>An answer has ended. It must be fast: the client's connection is not read meanwhile.</summary>
    /// <param name="answer">The answer. It may be kept.</param>
    void Observe(CompletedAnswer answer);
}
