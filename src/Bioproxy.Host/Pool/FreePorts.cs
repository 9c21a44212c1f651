using System.Net;
using System.Net.Sockets;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Pool;

/// <summary>Gives out ports of a range, in turn, so that a port is not used again at once. Thread-safe.</summary>
internal sealed class FreePorts(PortRange range)
{
    private readonly Lock _lock = new();
    private readonly HashSet<int> _taken = [];
    private int _next = range.First;

    /// <returns>A port that nobody listens on; null when there is none.</returns>
    public int? Take()
    {
        lock (_lock)
        {
            for (var tries = range.Last - range.First + 1; tries > 0; tries--)
            {
                var port = _next;
                _next = port == range.Last ? range.First : port + 1;
                if (!_taken.Contains(port) && IsFree(port))
                {
                    _taken.Add(port);
                    return port;
                }
            }

            return null;
        }
    }

    public void Return(int port)
    {
        lock (_lock)
            _taken.Remove(port);
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
