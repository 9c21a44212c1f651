using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Pool;

/// <summary>Those that are told about changes of a pool's models. Thread-safe.</summary>
internal sealed partial class PoolListeners(ILogger logger)
{
    private readonly Lock _lock = new();
    private IPoolListener[] _all = [];

    public void Add(IPoolListener listener)
    {
        lock (_lock)
            _all = [.. _all, listener];
    }

    /// <summary>Never to be called under a lock.</summary>
    public void Notify(string model)
    {
        foreach (var listener in Volatile.Read(ref _all))
        {
            try
            {
                listener.Changed(model);
            }
            catch (Exception exception)
            {
                // The fence around a listener: the pool's work continues.
                LogThrew(exception, model);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "A listener failed at a change of model {Model}.")]
    private partial void LogThrew(Exception exception, string model);
}
