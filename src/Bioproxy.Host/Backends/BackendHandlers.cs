using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Bioproxy.Host.Backends;

/// <summary>The two connection pools to a backend: one for what clients ask, one for control calls, which must not queue behind streams.</summary>
internal static class BackendHandlers
{
    /// <summary>Set on a request when a connection was opened for it: one that came back empty from such a connection is not asked again.</summary>
    public static readonly HttpRequestOptionsKey<bool> FreshConnection = new("bioproxy.fresh-connection");

    public static SocketsHttpHandler Create(TimeSpan connectTimeout) => new()
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = connectTimeout,

        // llama-server closes idle connections after 5 s; leave them before it does.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(3),

        // Disposing an unfinished response would read on for up to 2 s while the server keeps computing.
        ResponseDrainTimeout = TimeSpan.Zero,
        ActivityHeadersPropagator = null,

        // Header values are bytes: Latin-1 on all four ends passes every one of them, ASCII would refuse a client's "café".
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ConnectCallback = ConnectAsync,
    };

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        context.InitialRequestMessage.Options.Set(FreshConnection, true);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
