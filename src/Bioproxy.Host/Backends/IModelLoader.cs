using Bioproxy.Host.Http;

namespace Bioproxy.Host.Backends;

/// <summary>Makes a model that is not always loaded usable for a request.</summary>
internal interface IModelLoader
{
    /// <summary>Seconds that a request which came now would wait for its model, and what others pay for the models that have to go; 0 when
    /// it is loaded.</summary>
    double ExpectedSeconds { get; }

    /// <summary>To be awaited before a request waits in the queue.</summary>
    /// <returns>The right to use the model, to be disposed when the request has ended; or why it cannot be used.</returns>
    ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(CancellationToken cancellationToken);

    /// <summary>The listener is told when the model has to go.</summary>
    void Subscribe(ISwapListener listener);
}
