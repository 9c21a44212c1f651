namespace Bioproxy.Host.Pool;

/// <summary>The reasons for which a model is not loaded.</summary>
internal enum PoolFailureKind
{
    /// <summary>The pool has no model of this name.</summary>
    Unknown,

    /// <summary>The model alone needs more memory than the pool may use.</summary>
    TooLarge,

    /// <summary>Its process did not start or did not become ready.</summary>
    StartFailed,

    /// <summary>The pool is being stopped.</summary>
    Stopping,
}
