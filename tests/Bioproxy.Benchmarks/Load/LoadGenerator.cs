using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Bioproxy.Benchmarks.Load;

/// <summary>
/// The clients, in a process of their own: reads orders from standard input, one a line, and answers each with one line. <c>run port
/// connections milliseconds mix</c> sends as fast as it can on that many connections; a client's conversation is kept for the next run
/// against the same port.
/// </summary>
internal sealed class LoadGenerator
{
    private readonly Dictionary<(int Port, Mix Mix, int Client), Chatter> _chatters = [];

    public async Task RunAsync(CancellationToken stopping)
    {
        while (await Console.In.ReadLineAsync(stopping) is { } line)
        {
            var order = line.Split(' ').Skip(1).Select(word => int.Parse(word, CultureInfo.InvariantCulture)).ToArray();
            Console.WriteLine(Run(order[0], order[1], TimeSpan.FromMilliseconds(order[2]), (Mix)order[3]));
        }
    }

    private LoadResult Run(int port, int connections, TimeSpan time, Mix mix)
    {
        var clients = Enumerable.Range(0, connections).Select(client => new Client(port, Chatter(port, mix, client))).ToArray();
        var started = Stopwatch.GetTimestamp();
        var end = started + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var threads = clients.Select(client => new Thread(() => client.AskUntil(end))).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var times = clients.SelectMany(client => client.Times).ToArray();
        Array.Sort(times);
        return new(times.Length, clients.Sum(c => c.Errors), seconds, At(times, 0.5), At(times, 0.99), clients.Sum(c => c.Hot),
            clients.Sum(c => c.Restored), clients.Sum(c => c.Cold));
    }

    private Chatter Chatter(int port, Mix mix, int client)
    {
        // All contestants get the same questions; in the shared mix all clients send the same one.
        if (!_chatters.TryGetValue((port, mix, client), out var chatter))
            _chatters[(port, mix, client)] = chatter = new Chatter(mix, port, mix == Mix.Shared ? 1 : client + 1);
        return chatter;
    }

    private static double At(long[] sorted, double part) =>
        sorted.Length == 0 ? double.NaN : sorted[(int)(part * (sorted.Length - 1))] * 1e6 / Stopwatch.Frequency;

    private sealed class Client(int port, Chatter chatter)
    {
        public List<long> Times { get; } = new(1 << 16);

        public int Errors { get; private set; }

        public int Hot { get; private set; }

        public int Restored { get; private set; }

        public int Cold { get; private set; }

        public void AskUntil(long end)
        {
            LoadConnection? connection = null;
            try
            {
                while (Stopwatch.GetTimestamp() < end)
                {
                    connection ??= new LoadConnection(port);
                    var request = chatter.Next();
                    var begun = Stopwatch.GetTimestamp();
                    var status = Ask(connection, request.Span);
                    if (status == 200)
                    {
                        Times.Add(Stopwatch.GetTimestamp() - begun);
                        Count(connection.Source);
                        continue;
                    }

                    Errors++;
                    connection.Dispose();
                    connection = null;
                }
            }
            finally
            {
                connection?.Dispose();
            }
        }

        private static int Ask(LoadConnection connection, ReadOnlySpan<byte> request)
        {
            try
            {
                return connection.Ask(request);
            }
            catch (SocketException)
            {
                return 0;
            }
        }

        private void Count(byte source)
        {
            Hot += source == 'h' ? 1 : 0;
            Restored += source == 'r' ? 1 : 0;
            Cold += source == 'c' ? 1 : 0;
        }
    }
}
