namespace Bioproxy.Host.Http;

/// <summary>What is known of the connection that carried one request. Filled in by the connection itself, because the handler's connect
/// callback only knows the request that <i>started</i> a connect, which another request may end up on.</summary>
internal sealed class ConnectionUse
{
    /// <summary>Identifies the connection in this process; 0 while none has carried the request.</summary>
    public long Connection { get; set; }

    /// <summary>The <see cref="TimeProvider"/>-independent time stamp (<see cref="System.Diagnostics.Stopwatch"/>) at which it was
    /// established.</summary>
    public long Established { get; set; }

    /// <summary>An earlier request had used it, so the server may have closed it while this one was being written.</summary>
    public bool IsReused { get; set; }

    /// <summary>Bytes of an answer that have come.</summary>
    public long Received { get; set; }
}
