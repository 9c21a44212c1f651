namespace Bioproxy.Host.Threading;

/// <summary>How a bounded call ended.</summary>
internal enum CallEnd
{
    /// <summary>The code returned.</summary>
    Completed,

    /// <summary>The code threw; a cancellation of its own counts as any other exception.</summary>
    Threw,

    /// <summary>The code was still running when the limit was reached, and was abandoned.</summary>
    TimedOut,

    /// <summary>The caller's token was cancelled while the code was running, and the code was abandoned.</summary>
    Cancelled,
}
