using System.Net;

namespace Bioproxy.Host.Configuration;

/// <summary>Where the proxy listens: a host name, an IP address, or <c>unix:</c> with the path of a socket.</summary>
internal static class ListenHost
{
    /// <summary>Whether only programs of this machine can connect. A name is not looked up: it may lead elsewhere tomorrow.</summary>
    public static bool IsOfThisMachine(string host) => SocketPath.Of(host) is not null || IsLoopback(host);

    public static bool IsLoopback(string host) => IsLocalhost(host) || (AddressOf(host) is { } address && IPAddress.IsLoopback(address));

    public static bool IsLocalhost(string host) => string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase);

    public static IPAddress? AddressOf(string host) => IPAddress.TryParse(host.Trim('[', ']'), out var address) ? address : null;
}
