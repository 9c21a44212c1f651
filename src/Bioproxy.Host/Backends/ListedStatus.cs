namespace Bioproxy.Host.Backends;

/// <summary>What a server with several models says of one.</summary>
internal enum ListedStatus
{
    /// <summary>Not in memory.</summary>
    Unloaded,

    /// <summary>On its way into memory.</summary>
    Loading,

    /// <summary>It serves.</summary>
    Ready,

    /// <summary>Its process is there and has unloaded the model for want of work.</summary>
    Sleeping,

    /// <summary>On its way out.</summary>
    Stopping,
}
