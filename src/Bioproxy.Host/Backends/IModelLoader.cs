using Bioproxy.Host.Http;

namespace Bioproxy.Host.Backends;

/// <summary>Makes a model that is not always loaded usable for a request.</summary>
internal interface IModelLoader
{
    /// <summary>To be awaited before a request waits in the queue.</summary>
    /// <returns>The right to use the model, to be disposed when the request has ended; or why it cannot be used.</returns>
    ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(CancellationToken cancellationToken);

    /// <summary>Why a request cannot enter now, for people; null when the model is loaded, or being loaded.</summary>
    string? Obstacle { get; }

    /// <summary>The listener is told when the model has to go.</summary>
    void Subscribe(ISwapListener listener);
}
