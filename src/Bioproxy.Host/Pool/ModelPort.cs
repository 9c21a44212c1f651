using System.Net;
using System.Net.Sockets;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Pool;

/// <summary>The ports of the pool's models: each has one of its own, so that its address never changes.</summary>
internal static class ModelPort
{
    /// <returns>The port; null when another program listens on it.</returns>
    public static int? Of(PoolOptions options, string model)
    {
        var port = options.Ports.First + options.Models.TakeWhile(other => other.Name != model).Count();
        return IsFree(port) ? port : null;
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
