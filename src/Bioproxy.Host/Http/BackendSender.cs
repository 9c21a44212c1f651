using System.Diagnostics;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Security;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Http;

/// <summary>Forwards a client's request to a backend and waits for the headers of the answer.</summary>
internal sealed class BackendSender : IDisposable
{
    private readonly BackendPool _pool;
    private readonly string _base;
    private readonly string _shown;
    private readonly string _urlKey;
    private readonly bool? _forwardsKeys;
    private readonly string? _ownKey;
    private readonly TimeSpan _limit;
    private readonly TimeSpan _connectLimit;
    private readonly string? _relay;

    /// <param name="backend">The backend's address.</param>
    /// <param name="options">The limits.</param>
    /// <param name="relay">The proxy that passes on what is sent, and only under a turn; null where the address is the server's.</param>
    public BackendSender(BackendOptions backend, ProxyOptions options, string? relay = null)
    {
        _relay = relay;
        var (root, socket) = BackendAddress.Of(backend.Url);
        _pool = new BackendPool(options.ConnectTimeout, socket: socket);
        _base = root.AbsoluteUri.TrimEnd('/');
        _shown = socket is null ? _base : backend.Url.OriginalString;
        _urlKey = backend.UrlKey;
        _forwardsKeys = backend.ForwardApiKey ?? options.ForwardApiKey;
        _ownKey = backend.ApiKey is { } key ? $"Bearer {key}" : null;
        _limit = options.ResponseTimeout > TimeSpan.Zero ? options.ResponseTimeout : Timeout.InfiniteTimeSpan;
        _connectLimit = options.ConnectTimeout;
    }

    /// <summary>Sends the request; see <see cref="BackendPool"/> for when it is sent twice.</summary>
    /// <param name="from">The request without its body.</param>
    /// <param name="body">Makes the body to send; null for none. Called again for a second try.</param>
    /// <param name="isRepeatable">Whether <paramref name="body"/> can be made twice.</param>
    /// <param name="cancellationToken">The client left.</param>
    public async ValueTask<(HttpResponseMessage? Response, ProxyFailure? Failure)> SendAsync(
        RequestHead from, Func<HttpContent>? body, bool isRepeatable, CancellationToken cancellationToken)
    {
        if (_relay is not null && from.Turn is null)
        {
            return (null, new ProxyFailure(
                FailureKind.NotSupported, $"The proxy {_relay} runs this model, and passes on only requests that have a turn there."));
        }

        var reply = await _pool.SendAsync(() => Request(from, body?.Invoke()), isRepeatable, _limit, cancellationToken)
            .ConfigureAwait(false);
        if (_relay is not null && RefusalIn(reply.Response) is { } refusal)
            return (null, refusal);
        return (reply.Response, reply.Failure is { } failure ? Describe(failure) : null);
    }

    public void Dispose() => _pool.Dispose();

    /// <summary>The other proxy has not passed the request on: for the client the server has not answered.</summary>
    private ProxyFailure? RefusalIn(HttpResponseMessage? response)
    {
        if (response?.Headers.NonValidated.TryGetValues(TurnHeaders.Refused, out var reason) != true)
            return null;
        response.Dispose();
        return new ProxyFailure(
            FailureKind.BackendClosed, $"The proxy {_relay}, which runs this model, did not pass the request on: {reason}");
    }

    private ProxyFailure Describe(TransportFailure failure) => failure.Fault switch
    {
        TransportFault.CallerLeft => new(FailureKind.ClientGone, "The client left."),
        TransportFault.ConnectTimedOut or TransportFault.Unreachable when _relay is not null => new(
            FailureKind.BackendUnreachable,
            $"The proxy {_relay}, which runs this model, cannot be reached at {_shown}: {failure.Detail}."),
        TransportFault.ConnectTimedOut => new(
            FailureKind.BackendUnreachable,
            $"The backend at {_shown} did not accept a connection within {_connectLimit.TotalSeconds:0.###} s "
            + $"(timeouts.connect_seconds). Is its host up ({_urlKey})?"),
        TransportFault.Unreachable => new(
            FailureKind.BackendUnreachable,
            $"The backend at {_shown} cannot be reached: {failure.Detail}. Is llama-server running there ({_urlKey})?"),
        TransportFault.AnswerTimedOut => new(
            FailureKind.BackendTimedOut, $"The backend did not answer within {_limit.TotalSeconds:0} s (timeouts.response_seconds)."),
        _ => new(FailureKind.BackendClosed, $"The backend at {_shown} closed the connection before it answered: {failure.Detail}"),
    };

    private HttpRequestMessage Request(in RequestHead from, HttpContent? body)
    {
        var address = new Uri(_base + from.Target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var request = new HttpRequestMessage(Method(from.Method), address) { Content = body };
        HeaderRules.CopyToBackend(from.Headers, request);
        SetKey(request, from.Key);
        if (_relay is not null)
        {
            request.Headers.TryAddWithoutValidation(TurnHeaders.Turn, from.Turn);
            request.Headers.Remove("X-Conversation-Id"); // its stream would outlive the turn, and could not be resumed without one
        }

        if (from.Span is { } span)
            SetTrace(request, span);
        return request;
    }

    /// <summary>The backend continues the proxy's span, which continues the client's.</summary>
    private static void SetTrace(HttpRequestMessage request, Activity span)
    {
        request.Headers.Remove(TraceHeaders.Parent);
        request.Headers.Remove(TraceHeaders.State);
        request.Headers.TryAddWithoutValidation(TraceHeaders.Parent, span.Id);
        if (span.TraceStateString is { Length: > 0 } state)
            request.Headers.TryAddWithoutValidation(TraceHeaders.State, state);
    }

    /// <summary>A client's key reaches a backend only where it is configured so, or where the proxy checks none itself. A backend that does
    /// not get it gets its own.</summary>
    private void SetKey(HttpRequestMessage request, ClientKey? client)
    {
        if (_forwardsKeys ?? client is null)
        {
            if (client is not null)
                request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {client.Text}");
            return;
        }

        request.Headers.Remove("Authorization");
        request.Headers.Remove(CredentialHeaders.ApiKey);
        if (_ownKey is not null)
            request.Headers.TryAddWithoutValidation("Authorization", _ownKey);
    }

    private static HttpMethod Method(string name) =>
        HttpMethods.IsPost(name) ? HttpMethod.Post : HttpMethods.IsGet(name) ? HttpMethod.Get : new HttpMethod(name);
}
