namespace Bioproxy.Host.Backends;

/// <summary>How the backend answers.</summary>
internal enum BackendStatus
{
    /// <summary>Not asked yet.</summary>
    Unknown,

    /// <summary>No connection, or no sensible answer.</summary>
    Unreachable,

    /// <summary>It is there and loads its model.</summary>
    Loading,

    /// <summary>It unloaded its model for want of work (--sleep-idle-seconds). It will wake for a request, with empty slots and perhaps
    /// other weights; calls that would wake it, or keep it awake, are not made.</summary>
    Sleeping,

    /// <summary>Its server knows it and has not loaded it; a request loads it. Nothing that the proxy does by itself may.</summary>
    Unloaded,

    /// <summary>It serves.</summary>
    Ready,
}
