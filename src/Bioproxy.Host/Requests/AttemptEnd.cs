namespace Bioproxy.Host.Requests;

/// <summary>How the attempt to serve a request in one place ended.</summary>
internal enum AttemptEnd
{
    /// <summary>The client has its answer, or gets the failure.</summary>
    Final,

    /// <summary>The place cannot serve it; another one may.</summary>
    Failed,

    /// <summary>The server could not be reached, or closed the connection before its first byte: it may have ended.</summary>
    ServerGone,

    /// <summary>The server ended while the request was being placed: nothing was sent, and what was decided is void.</summary>
    Outlived,
}
