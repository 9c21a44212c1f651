using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Security;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Bioproxy.Host;

/// <summary>Sets a listener of the web server up: an address or a socket, with or without TLS.</summary>
internal static class Listeners
{
    private static readonly List<SslApplicationProtocol> Protocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];

    /// <param name="kestrel">The web server.</param>
    /// <param name="host">A host, an IP address or a socket.</param>
    /// <param name="port">The port; 0 for a free one.</param>
    /// <param name="certificate">For TLS; null for none.</param>
    /// <param name="more">What else there is to set up.</param>
    public static void Add(
        KestrelServerOptions kestrel, string host, int port, Func<CertificateSource>? certificate, Action<ListenOptions> more)
    {
        void Configure(ListenOptions listen)
        {
            listen.Protocols = certificate is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
            more(listen);
            if (certificate is not null)
                listen.UseHttps(Handshake(certificate()));
        }

        if (SocketPath.Of(host) is { } socket)
        {
            RemoveAbandoned(socket);
            kestrel.ListenUnixSocket(socket, Configure);
        }
        else if (IPAddress.TryParse(host, out var address))
        {
            kestrel.Listen(address, port, Configure);
        }
        else if (!host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            kestrel.Listen(Dns.GetHostAddresses(host)[0], port, Configure);
        }
        else if (port == 0)
        {
            kestrel.Listen(IPAddress.Loopback, 0, Configure); // a free port cannot be the same for both loopback addresses
        }
        else
        {
            kestrel.ListenLocalhost(port, Configure);
        }
    }

    /// <summary>Where the listener is; once it is bound.</summary>
    public static Uri AddressOf(ListenOptions? listen)
    {
        if (listen?.SocketPath is { } socket)
            return new Uri(SocketPath.Prefix + socket);
        if (listen?.EndPoint is not IPEndPoint bound)
            throw new InvalidOperationException("The listener is not bound yet.");
        return new UriBuilder(
            listen.Protocols == HttpProtocols.Http1 ? "http" : "https",
            listen.ToString() is { } name && name.Contains("localhost", StringComparison.Ordinal) ? "localhost" : bound.Address.ToString(),
            bound.Port).Uri;
    }

    /// <summary>The owner and the group may connect, such as a web server in front.</summary>
    public static void Protect(ListenOptions? listen)
    {
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
        if (listen?.SocketPath is { } socket && !OperatingSystem.IsWindows())
            File.SetUnixFileMode(socket, Mode);
    }

    private static TlsHandshakeCallbackOptions Handshake(CertificateSource certificate) => new()
    {
        OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate.Current,
            ApplicationProtocols = Protocols,
        }),
    };

    /// <summary>A process that crashed leaves its socket behind, and nobody could listen there again.</summary>
    private static void RemoveAbandoned(string path)
    {
        if (new FileInfo(path) is not { Exists: true, Length: 0 })
            return; // none, or a file with something in it, which is not ours to delete
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
        }
        catch (SocketException)
        {
            // Something else: listening there fails, and says why.
        }
    }
}
