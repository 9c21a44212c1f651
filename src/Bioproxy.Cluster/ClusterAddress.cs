using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Bioproxy.Cluster;

/// <summary>Reads <c>cluster.advertise</c>: an IP address or a host name, and a port.</summary>
internal static class ClusterAddress
{
    /// <exception cref="FormatException">It is not an address and a port.</exception>
    /// <exception cref="SocketException">The host name cannot be resolved.</exception>
    public static async Task<IPEndPoint> ResolveAsync(string advertise, CancellationToken cancellationToken)
    {
        if (IPEndPoint.TryParse(advertise, out var endpoint) && endpoint.Port != 0) return endpoint;
        var colon = advertise.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(advertise.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            throw new FormatException($"cluster.advertise is \"{advertise}\"; expected an address and a port, as 10.0.0.5:11111");
        var addresses = await Dns.GetHostAddressesAsync(advertise[..colon], cancellationToken);
        var address = addresses.FirstOrDefault(static one => one.AddressFamily == AddressFamily.InterNetwork) ?? addresses.FirstOrDefault();
        return new IPEndPoint(address ?? throw new FormatException($"{advertise[..colon]} has no address"), port);
    }
}
