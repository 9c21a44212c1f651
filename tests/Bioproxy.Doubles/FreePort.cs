using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Bioproxy.Doubles;

/// <summary>Ports on loopback that nobody listens on.</summary>
internal static class FreePort
{
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>One that was not given out before: two tests of this process must not be given the same port before one of them uses
    /// it.</summary>
    public static int Next()
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port;
            if (Given.TryAdd(port, true))
                return port;
        }
    }
}
