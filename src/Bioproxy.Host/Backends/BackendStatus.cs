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

    /// <summary>It serves.</summary>
    Ready,
}
