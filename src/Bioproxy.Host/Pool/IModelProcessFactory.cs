using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Pool;

/// <summary>Starts the processes of the pool.</summary>
internal interface IModelProcessFactory
{
    /// <summary>What the loaded model needs, in bytes; null when it is not known. May read the model's file. Never fails.</summary>
    long? MemoryOf(PoolModelOptions model);

    /// <summary>Starts a server and waits until it is ready.</summary>
    /// <param name="model">What to start.</param>
    /// <param name="log">Receives what it writes.</param>
    /// <param name="cancellationToken">Gives up; the task ends when nothing of the process is left.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<ModelStart> StartAsync(PoolModelOptions model, ModelLog log, CancellationToken cancellationToken);
}
