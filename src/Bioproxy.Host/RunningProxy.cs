using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host;

/// <summary>The proxy that is running with this configuration, asked on its admin port.</summary>
internal static class RunningProxy
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <returns>Null when no proxy answers; empty when it does not know what was asked for.</returns>
    /// <exception cref="HttpRequestException">It answered with an error.</exception>
    public static async Task<ReadOnlyMemory<byte>?> AskAsync(
        ProxyOptions options, HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(Handler(options)) { BaseAddress = AddressOf(options), Timeout = Limit };
        using var message = new HttpRequestMessage(method, path);
        if (options.AdminKey?.Key is { } key)
            message.Headers.Authorization = new("Bearer", key);
        if (method == HttpMethod.Post)
            message.Content = new ByteArrayContent([]) { Headers = { ContentType = new("application/json") } };
        try
        {
            using var response = await client.SendAsync(message, cancellationToken);
            if (response.StatusCode == HttpStatusCode.Unauthorized)
                throw new HttpRequestException("the proxy asks for its admin key; set BIOPROXY_ADMIN_KEY to it");
            if (response.StatusCode == HttpStatusCode.NotFound)
                return ReadOnlyMemory<byte>.Empty;
            response.EnsureSuccessStatusCode();
            return await response.Content.ReadAsByteArrayAsync(cancellationToken);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            return null;
        }
    }

    private static Uri AddressOf(ProxyOptions options)
    {
        var host = options.AdminHost is "0.0.0.0" or "::" || SocketPath.Of(options.AdminHost) is not null
            ? "localhost"
            : options.AdminHost;
        var hasTls = options.Tls is not null && !ListenHost.IsOfThisMachine(options.AdminHost);
        return new UriBuilder(hasTls ? "https" : "http", host, options.AdminPort).Uri;
    }

    private static SocketsHttpHandler Handler(ProxyOptions options)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, ConnectTimeout = ConnectLimit };
        if (options.Tls is { } tls)
        {
            // The certificate may name another host, or be signed by nobody that this machine knows: it has to be the one in the file.
            handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, _) =>
                presented is X509Certificate2 shown && shown.RawDataMemory.Span.SequenceEqual(FirstOf(tls).RawDataMemory.Span);
        }

        if (SocketPath.Of(options.AdminHost) is { } path)
        {
            handler.ConnectCallback = async (_, stopping) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stopping);
                return new NetworkStream(socket, ownsSocket: true);
            };
        }

        return handler;
    }

    private static X509Certificate2 FirstOf(TlsOptions tls) => X509CertificateLoader.LoadCertificateFromFile(tls.Certificate);
}
