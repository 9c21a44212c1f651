using System.Net;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Cluster.Pools;

/// <summary>Where other proxies reach a proxy's listener for clients.</summary>
internal static class PoolAddress
{
    /// <param name="listens">Where the proxy listens.</param>
    /// <param name="host">What the configuration says of that: a certificate may be for this name.</param>
    /// <param name="advertised">Where the others reach it as a member of the cluster.</param>
    public static Uri Of(Uri listens, string host, IPEndPoint advertised)
    {
        if (SocketPath.Of(listens) is not null || ListenHost.IsLocalhost(host))
            return listens;
        if (ListenHost.AddressOf(host) is not { } address)
            return new UriBuilder(listens) { Host = host }.Uri;
        return address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
            ? new UriBuilder(listens) { Host = advertised.Address.ToString() }.Uri
            : listens;
    }

    /// <summary>Only programs of its own machine reach it.</summary>
    public static bool IsOfItsMachine(Uri address) => address.IsLoopback || SocketPath.Of(address) is not null;

    /// <summary>Whether two proxies of a cluster are on one machine, as far as their names say.</summary>
    public static bool AreOnOneMachine(string proxy, string other) =>
        IPEndPoint.TryParse(proxy, out var one) && IPEndPoint.TryParse(other, out var two) && one.Address.Equals(two.Address);
}
