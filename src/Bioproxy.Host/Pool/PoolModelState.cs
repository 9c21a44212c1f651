namespace Bioproxy.Host.Pool;

/// <summary>What a model of the pool is doing.</summary>
internal enum PoolModelState
{
    /// <summary>It has no process.</summary>
    Unloaded,

    /// <summary>It is wanted, and waits for room or for the pause after a crash.</summary>
    Waiting,

    /// <summary>Its process has been started and is not ready yet.</summary>
    Loading,

    /// <summary>It takes requests.</summary>
    Ready,

    /// <summary>Its slots are being saved, or its process is ending.</summary>
    Stopping,

    /// <summary>Its process crashed or did not start. The next demand starts it again, after a pause.</summary>
    Failed,
}
