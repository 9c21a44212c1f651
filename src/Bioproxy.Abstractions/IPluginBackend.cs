namespace Bioproxy.Abstractions;

/// <summary>Lets a plugin ask the backend outside any client's request.</summary>
public interface IPluginBackend
{
    /// <summary>Asks the backend with a lease of its own. Safe from any thread.</summary>
    /// <param name="question">The question.</param>
    /// <param name="cancellationToken">Stops waiting, and the backend's work.</param>
    /// <returns>The answer, whatever its status.</returns>
    /// <exception cref="BackendUnavailableException">No slot became free in time, or the backend could not be reached.</exception>
    Task<BackendAnswer> AskAsync(BackendQuestion question, CancellationToken cancellationToken);
}
