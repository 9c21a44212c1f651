using Bioproxy.Host.Http;

namespace Bioproxy.Host.Backends;

/// <summary>Makes a model that is not always loaded usable for a request.</summary>
internal interface IModelLoader
{
    /// <summary>What the model does now, for people: unloaded, waiting, loading, ready, stopping or failed.</summary>
    string State { get; }

    /// <summary>Why a request cannot enter now, for people; null when the model is loaded, or being loaded.</summary>
    string? Obstacle { get; }

    /// <summary>It can be unloaded before another model needs its room.</summary>
    bool CanUnload { get; }

    /// <summary>The last lines that the model's server wrote; null where they are not known.</summary>
    IReadOnlyList<string>? Log { get; }

    /// <summary>Seconds that a request which came now would wait for its model, and what others pay for the models that have to go; 0 when
    /// it is loaded.</summary>
    double ExpectedSeconds { get; }

    /// <summary>To be awaited before a request waits in the queue.</summary>
    /// <returns>The right to use the model, to be disposed when the request has ended; or why it cannot be used.</returns>
    ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(CancellationToken cancellationToken);

    /// <summary>A request got no answer from the model's server.</summary>
    /// <returns>Whether the server has ended and is started again for the next request.</returns>
    ValueTask<bool> RestartsAsync(CancellationToken cancellationToken);

    /// <summary>Unloads the model as soon as it is idle; requests that arrive meanwhile wait until it has been loaded again.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up; the model stays.</exception>
    Task UnloadAsync(CancellationToken cancellationToken);

    /// <summary>The listener is told when the model has to go.</summary>
    void Subscribe(ISwapListener listener);
}
