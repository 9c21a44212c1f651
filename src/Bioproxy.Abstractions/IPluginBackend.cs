namespace Bioproxy.Abstractions;

/// <summary>Asks the backend for a plugin, outside any client's request.</summary>
public interface IPluginBackend
{
    /// <summary>Asks the backend, with a lease of its own. Safe from any thread.</summary>
    /// <param name="question">The question.</param>
    /// <param name="cancellationToken">Stops waiting, and the backend's work.</param>
    /// <returns>The answer, of whatever status.</returns>
    /// <exception cref="BackendUnavailableException">There was none: no slot became free in time, or the backend could not be reached.</exception>
    Task<BackendAnswer> AskAsync(BackendQuestion question, CancellationToken cancellationToken);
}
