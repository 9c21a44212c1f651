using System.Net.Sockets;

namespace Bioproxy.Host.Http;

/// <summary>Why an exchange with a backend failed. The only place that reads the exceptions of <see cref="SocketsHttpHandler"/>.</summary>
/// <param name="Fault">Who and when.</param>
/// <param name="Detail">The system's own words, for the log.</param>
internal sealed record TransportFailure(TransportFault Fault, string Detail)
{
    /// <summary>No connection could be made: the process is not there.</summary>
    public bool IsUnreachable => Fault is TransportFault.ConnectTimedOut or TransportFault.Unreachable;

    /// <summary>Classifies what a send, or the reading of a body, threw.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="caller">The caller's token: when it is cancelled, the failure is the caller's.</param>
    /// <param name="limit">The token that ends with the caller's time limit; it may be linked to <paramref name="caller"/>.</param>
    /// <returns>Null for what is not a failure of the transport: a bug, which must be thrown on.</returns>
    public static TransportFailure? Of(Exception exception, CancellationToken caller, CancellationToken limit)
    {
        if (caller.IsCancellationRequested
            && exception is OperationCanceledException or HttpRequestException or IOException or SocketException)
            return new(TransportFault.CallerLeft, "the caller left");
        var detail = (exception.InnerException ?? exception).Message;
        return exception switch
        {
            // SocketsHttpHandler reports its ConnectTimeout as a cancellation with this inner exception.
            OperationCanceledException { InnerException: TimeoutException } => new(TransportFault.ConnectTimedOut, detail),
            OperationCanceledException when limit.IsCancellationRequested => new(TransportFault.AnswerTimedOut, "no answer in time"),
            OperationCanceledException => new(TransportFault.Closed, detail),
            HttpRequestException
            {
                HttpRequestError: HttpRequestError.ConnectionError
                    or HttpRequestError.NameResolutionError
                    or HttpRequestError.SecureConnectionError,
            } => new(TransportFault.Unreachable, detail),
            // The pool lets it through when the backend goes away during a connect.
            SocketException => new(TransportFault.Unreachable, detail),
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => new(TransportFault.Malformed, detail),
            HttpRequestException or IOException => new(TransportFault.Closed, detail),
            _ => null,
        };
    }
}
