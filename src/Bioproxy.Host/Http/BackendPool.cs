using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Bioproxy.Host.Http;

/// <summary>
/// Connections to one backend for one purpose. llama-server closes a connection right after each stream, after 5 s of silence and after 100
/// requests, and a request that is being written meanwhile is lost without an answer. So a request that a <i>reused</i> connection lost
/// before any byte of an answer is sent once more, on a connection of its own; one that cannot be repeated gets such a connection at once.
/// </summary>
internal sealed class BackendPool : IDisposable
{
    private readonly string? _socket;
    private readonly HttpMessageInvoker _pooled;
    private readonly HttpMessageInvoker _single;

    /// <param name="connectTimeout">The longest wait for a connection.</param>
    /// <param name="mostConnections">Connections at once; null for any number.</param>
    /// <param name="socket">The path of the backend's socket; null for TCP.</param>
    public BackendPool(TimeSpan connectTimeout, int? mostConnections = null, string? socket = null)
    {
        _socket = socket;
        // llama-server closes idle connections after 5 s; leave them before it does.
        _pooled = Invoker(connectTimeout, mostConnections, idle: TimeSpan.FromSeconds(3), lifetime: Timeout.InfiniteTimeSpan);
        _single = Invoker(connectTimeout, null, idle: TimeSpan.Zero, lifetime: TimeSpan.Zero);
    }

    /// <summary>Sends a request and waits for the headers of its answer.</summary>
    /// <param name="make">Makes the request; called again for a second try.</param>
    /// <param name="isRepeatable">Whether <paramref name="make"/> can be called twice. False: the request gets a connection of its
    /// own.</param>
    /// <param name="limit">The longest wait for the headers; infinite for none.</param>
    /// <param name="caller">The caller left.</param>
    public async Task<PoolReply> SendAsync(Func<HttpRequestMessage> make, bool isRepeatable, TimeSpan limit, CancellationToken caller)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(caller);
        late.CancelAfter(limit);
        var use = TracedConnection.Trace();
        var invoker = isRepeatable ? _pooled : _single;
        while (true)
        {
            try
            {
                return new(await invoker.SendAsync(make(), late.Token).ConfigureAwait(false), null, use);
            }
            catch (Exception e) when (IsStale(e, use) && invoker != _single && !late.IsCancellationRequested)
            {
                invoker = _single;
                use = TracedConnection.Trace();
            }
            catch (Exception e) when (TransportFailure.Of(e, caller, late.Token) is { } failure)
            {
                return new(null, failure, use);
            }
        }
    }

    public void Dispose()
    {
        _pooled.Dispose();
        _single.Dispose();
    }

    /// <summary>Whether the server had closed the connection before it read the request.</summary>
    private static bool IsStale(Exception e, ConnectionUse use) =>
        e is HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded or HttpRequestError.Unknown }
            && use is { IsReused: true, Received: 0 };

    private HttpMessageInvoker Invoker(TimeSpan connectTimeout, int? mostConnections, TimeSpan idle, TimeSpan lifetime)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = connectTimeout,
            PooledConnectionIdleTimeout = idle,
            PooledConnectionLifetime = lifetime,
            MaxConnectionsPerServer = mostConnections ?? int.MaxValue,

            // Disposing an unfinished response would read on for up to 2 s while the server keeps computing.
            ResponseDrainTimeout = TimeSpan.Zero,
            MaxResponseDrainSize = 0,
            MaxResponseHeadersLength = 64, // KB; a model server's headers have less than one
            ActivityHeadersPropagator = null,

            // Header values are bytes: Latin-1 on all four ends passes every one of them, ASCII would refuse a client's "café".
            RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ConnectCallback = ConnectAsync,
        };
        return new HttpMessageInvoker(handler, disposeHandler: true);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = _socket is null
            ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        EndPoint backend = _socket is null ? context.DnsEndPoint : new UnixDomainSocketEndPoint(_socket);
        try
        {
            await socket.ConnectAsync(backend, cancellationToken).ConfigureAwait(false);
            return new TracedConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
