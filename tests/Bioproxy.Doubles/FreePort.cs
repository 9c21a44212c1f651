using System.Net;
using System.Net.Sockets;

namespace Bioproxy.Doubles;

/// <summary>Ports on loopback that nobody listens on, and that the system gives to no outgoing connection: it takes those from 32768
/// up.</summary>
internal static class FreePort
{
    private const int First = 20_000;
    private const int Last = 32_000;

    /// <summary>Each is given once a process, and processes begin at different places: two tests must not be given the same port before one
    /// of them uses it.</summary>
    private static int _next = Random.Shared.Next(First, Last);

    public static int Next() => Next(1);

    /// <summary>The first of several ports in a row.</summary>
    public static int Next(int count)
    {
        while (true)
        {
            var first = First + ((Interlocked.Add(ref _next, count) - count + 1) % (Last - First));
            if (Enumerable.Range(first, count).All(IsFree))
                return first;
        }
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
