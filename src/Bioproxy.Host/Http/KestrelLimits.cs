using Bioproxy.Host.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Bioproxy.Host.Http;

/// <summary>Every limit of the web server, set on purpose: a default would be a limit that stands in no configuration.</summary>
internal static class KestrelLimits
{
    private const int Megabyte = 1 << 20;

    public static void Apply(KestrelServerLimits limits, ProxyOptions options)
    {
        // limits.max_header_bytes. The number of headers is bounded by their bytes. The server multiplies it by two for HTTP/2, and would
        // refuse every request if that overflowed.
        limits.MaxRequestBufferSize = Math.Max(Megabyte, options.MaxHeaderBytes);
        limits.MaxRequestLineSize = options.MaxHeaderBytes;
        limits.MaxRequestHeadersTotalSize = options.MaxHeaderBytes;
        limits.MaxRequestHeaderCount = int.MaxValue / 2;

        // limits.max_body_bytes and limits.max_queued_bytes are counted while reading, and answered in words.
        limits.MaxRequestBodySize = null;

        // timeouts.request_body_seconds and timeouts.client_write_seconds limit pauses; a slow connection is not an error.
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;

        // queue.max_length bounds what waits; a connection that only stands open costs little.
        limits.MaxConcurrentConnections = null;
        limits.MaxConcurrentUpgradedConnections = null;

        // HTTP/2 has one connection for all requests of a client; the queue bounds them, as it does with connections of their own.
        limits.Http2.MaxStreamsPerConnection = 1024;
        limits.Http2.MaxRequestHeaderFieldSize = options.MaxHeaderBytes;

        // Writes beyond this wait for the client, and with them the reading from the backend.
        limits.MaxResponseBufferSize = 64 * 1024;

        // Longer than clients keep idle connections, so that the proxy does not close one on which a request is just being sent.
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);

        // A client that has begun a request sends its headers at once; this one is for broken and malicious clients.
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(30);
    }
}
