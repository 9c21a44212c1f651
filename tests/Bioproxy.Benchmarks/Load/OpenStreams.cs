using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Bioproxy.Benchmarks.Load;

/// <summary>
/// Many clients that each hold one stream open and read what comes. Prints <c>open</c> when all have their first event, with the seconds
/// that the slowest waited for it, then every second the number of events in it.
/// </summary>
internal static class OpenStreams
{
    public static async Task RunAsync(int port, int count, CancellationToken stopping)
    {
        var first = 0;
        long slowest = 0;
        var events = 0;
        var ended = 0;
        for (var i = 0; i < count; i++)
        {
            _ = ReadAsync(new Chatter(Mix.Streamed, port, i + 1).Next());
            if (i % 20 == 19)
                await Task.Delay(20, stopping);
        }

        while (Volatile.Read(ref first) + Volatile.Read(ref ended) < count)
            await Task.Delay(50, stopping);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"open {first} {ended} {TimeSpan.FromTicks(Interlocked.Read(ref slowest)).TotalSeconds:0.000}"));
        while (!stopping.IsCancellationRequested)
        {
            await Task.Delay(1000, stopping);
            Console.WriteLine($"events {Interlocked.Exchange(ref events, 0)} {ended}");
        }

        async Task ReadAsync(ReadOnlyMemory<byte> request)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            var buffer = new byte[4096];
            var isFirst = true;
            var began = Stopwatch.GetTimestamp();
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port, stopping);
                await socket.SendAsync(request, SocketFlags.None, stopping);
                while (await socket.ReceiveAsync(buffer, SocketFlags.None, stopping) is > 0 and var read)
                {
                    if (Encoding.ASCII.GetString(buffer, 0, read).Split("data: ").Length - 1 is > 0 and var found)
                    {
                        Interlocked.Add(ref events, found);
                        if (isFirst)
                        {
                            Slowest(Stopwatch.GetElapsedTime(began).Ticks);
                            Interlocked.Increment(ref first);
                        }

                        isFirst = false;
                    }
                }
            }
            catch (SocketException)
            {
                // counted as ended
            }

            Interlocked.Increment(ref ended);
        }

        void Slowest(long ticks)
        {
            for (var seen = Interlocked.Read(ref slowest); ticks > seen;)
                seen = Interlocked.CompareExchange(ref slowest, ticks, seen) is var now && now == seen ? ticks : now;
        }
    }
}
