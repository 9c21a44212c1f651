using Bioproxy.Host.Configuration;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Http;

/// <summary>Sends a client's request on and waits for the backend's headers.</summary>
internal sealed class BackendSender : IDisposable
{
    private readonly HttpMessageInvoker _invoker;
    private readonly string _base;
    private readonly TimeSpan _limit;
    private readonly HttpRequestOptionsKey<bool> _fresh;

    /// <param name="handler">The pool for clients' requests; owned from here on.</param>
    /// <param name="freshConnection">The option that the handler sets when it opens a connection for a request.</param>
    /// <param name="options">The backend's address and limits.</param>
    public BackendSender(SocketsHttpHandler handler, HttpRequestOptionsKey<bool> freshConnection, ProxyOptions options)
    {
        _invoker = new HttpMessageInvoker(handler, disposeHandler: true);
        _base = options.BackendUrl.AbsoluteUri.TrimEnd('/');
        _limit = options.ResponseTimeout > TimeSpan.Zero ? options.ResponseTimeout : Timeout.InfiniteTimeSpan;
        _fresh = freshConnection;
    }

    /// <summary>
    /// Sends the request. A body that can be sent again is, once, when a connection that had been used before ended without a
    /// byte of an answer: the server had closed it while we were writing.
    /// </summary>
    /// <param name="from">The client's request.</param>
    /// <param name="body">Makes the body to send; null for none. Called again for a second try.</param>
    /// <param name="isRepeatable">Whether <paramref name="body"/> can be made twice.</param>
    /// <param name="cancellationToken">The client left.</param>
    public async ValueTask<(HttpResponseMessage? Response, ProxyFailure? Failure)> SendAsync(HttpRequest from, Func<HttpContent>? body, bool isRepeatable, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_limit);
        for (var isSecond = false; ; isSecond = true)
        {
            var request = Request(from, body?.Invoke());
            try
            {
                return (await _invoker.SendAsync(request, limit.Token).ConfigureAwait(false), null);
            }
            catch (HttpRequestException e) when (!isSecond && isRepeatable && e.HttpRequestError is HttpRequestError.ResponseEnded or HttpRequestError.Unknown && !(request.Options.TryGetValue(_fresh, out var fresh) && fresh) && !limit.IsCancellationRequested)
            {
                // a reused connection that the server had closed: once more, on another
            }
            catch (HttpRequestException e)
            {
                if (cancellationToken.IsCancellationRequested)
                    return (null, new ProxyFailure(FailureKind.ClientGone, "The client left."));
                return (null, e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
                    ? new ProxyFailure(FailureKind.BackendUnreachable, $"The backend at {_base} cannot be reached: {(e.InnerException ?? e).Message}. Is llama-server running there (backend_url)?")
                    : new ProxyFailure(FailureKind.BackendClosed, $"The backend at {_base} closed the connection before it answered: {(e.InnerException ?? e).Message}"));
            }
            catch (System.Net.Sockets.SocketException e)
            {
                // The pool lets it through when the backend goes away while a connection is being made.
                return (null, new ProxyFailure(FailureKind.BackendUnreachable, $"The backend at {_base} cannot be reached: {e.Message}. Is llama-server running there (backend_url)?"));
            }
            catch (OperationCanceledException)
            {
                return (null, cancellationToken.IsCancellationRequested
                    ? new ProxyFailure(FailureKind.ClientGone, "The client left.")
                    : new ProxyFailure(FailureKind.BackendTimedOut, $"The backend did not answer within {_limit.TotalSeconds:0} s (timeouts.response_seconds)."));
            }
        }
    }

    public void Dispose() => _invoker.Dispose();

    private HttpRequestMessage Request(HttpRequest from, HttpContent? body)
    {
        // The raw target keeps the client's own escapes; re-encoding a path would change it.
        var target = from.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()?.RawTarget;
        var pathAndQuery = target is ['/', ..] ? target : from.PathBase.ToUriComponent() + from.Path.ToUriComponent() + from.QueryString.ToUriComponent();
        var request = new HttpRequestMessage(Method(from.Method), new Uri(_base + pathAndQuery, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })) { Content = body };
        HeaderRules.CopyToBackend(from, request);
        return request;
    }

    private static HttpMethod Method(string name) => HttpMethods.IsPost(name) ? HttpMethod.Post : HttpMethods.IsGet(name) ? HttpMethod.Get : new HttpMethod(name);
}
