using System.Net;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Requests;

/// <summary>Whose address a request comes from: behind web servers that are trusted, the last one in <c>X-Forwarded-For</c> that is not
/// theirs. Anybody else can write what they like into that header.</summary>
internal static class ClientAddress
{
    public static IPAddress? Of(IHeaderDictionary headers, IPAddress? connection, IReadOnlyList<IPNetwork> trusted)
    {
        if (trusted.Count == 0 || connection is null || !IsTrusted(connection, trusted))
            return connection;
        var addresses = headers["X-Forwarded-For"].ToString()
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var client = connection;
        for (var at = addresses.Length - 1; at >= 0 && IsTrusted(client, trusted); at--)
        {
            if (!TryParse(addresses[at], out var address))
                break; // "unknown", or something that is no address
            client = address;
        }

        return client;
    }

    private static bool IsTrusted(IPAddress address, IReadOnlyList<IPNetwork> trusted)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return trusted.Any(network => network.Contains(plain));
    }

    /// <summary>Some servers write the port, too.</summary>
    private static bool TryParse(string text, out IPAddress address)
    {
        if (IPAddress.TryParse(text, out address!))
            return true;
        var isEndPoint = IPEndPoint.TryParse(text, out var endPoint);
        address = endPoint?.Address!;
        return isEndPoint;
    }
}
