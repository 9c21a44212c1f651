using System.Net;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Cluster;

/// <summary>What all proxies call a server. An address of the machine itself means another server on every machine, so that it gets the
/// machine's address.</summary>
internal static class ServerName
{
    /// <summary>The models that a proxy starts itself are one server, which is called after the proxy: only this one has it, and owns
    /// it therefore.</summary>
    public static string OfPool(string proxy) => $"pool@{proxy}";

    public static string Of(Uri url, IPEndPoint advertised)
    {
        if (SocketPath.Of(url) is { } socket)
            return $"{advertised.Address}{socket}";
        return url.IsLoopback ? $"{advertised.Address}:{url.Port}" : $"{url.IdnHost}:{url.Port}";
    }
}
