using Bioproxy.Host.Http;

namespace Bioproxy.Host.Requests;

/// <summary>The one place where a request's failure is written down: in its exchange, in the log, and to the client.</summary>
internal sealed class FailureResponse(RequestReport report)
{
    public async Task WriteAsync(Exchange exchange, ProxyFailure failure)
    {
        exchange.Status = failure.Status;
        exchange.Failure = failure;
        exchange.HasBackendHeaders = false;
        report.Failed(exchange, failure);
        if (failure.Kind == FailureKind.ClientBodyTimedOut)
            exchange.Header("Connection", "close"); // the rest of the body would be taken for the next request
        try
        {
            await FailureWriter.WriteAsync(exchange.Answer, failure, exchange.Route.Errors, exchange.IsWaitingStream).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            report.ClientGone(exchange, "The client left before the failure could be reported.");
        }
    }
}
