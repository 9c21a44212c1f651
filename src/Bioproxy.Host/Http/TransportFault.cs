namespace Bioproxy.Host.Http;

/// <summary>Who ended an exchange with a backend, and in which phase.</summary>
internal enum TransportFault
{
    /// <summary>The caller cancelled it.</summary>
    CallerLeft,

    /// <summary>No connection within the connect timeout. The host is gone, or a firewall drops the packets.</summary>
    ConnectTimedOut,

    /// <summary>The connection was refused, or the name is not known.</summary>
    Unreachable,

    /// <summary>The backend closed the connection before it sent a whole answer.</summary>
    Closed,

    /// <summary>The backend took the request and sent nothing within the caller's limit. Says nothing about the process behind the
    /// address.</summary>
    AnswerTimedOut,

    /// <summary>What came is not HTTP, or not what the call promises.</summary>
    Malformed,
}
