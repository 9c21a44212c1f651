using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Bioproxy.Doubles;

/// <summary>Answers one request per connection and closes it without announcing that, as llama-server does after a stream.</summary>
internal sealed class ClosingServer : IAsyncDisposable
{
    private static readonly byte[] Reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray();

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public ClosingServer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
                serving.Add(ServeAsync(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                var received = new byte[8192];
                var length = 0;
                int end;
                do
                {
                    var read = await socket.ReceiveAsync(received.AsMemory(length), _stop.Token);
                    if (read == 0)
                        return;
                    length += read;
                    end = received.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
                }
                while (end < 0 || length < end + 4 + BodyLength(received.AsSpan(0, end)));

                await socket.SendAsync(Reply, _stop.Token);
                socket.Shutdown(SocketShutdown.Both);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // the client went, or the test is over
            }
        }
    }

    private static int BodyLength(ReadOnlySpan<byte> head)
    {
        foreach (var line in Encoding.ASCII.GetString(head).Split("\r\n"))
        {
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
                return int.Parse(line.AsSpan(15), System.Globalization.CultureInfo.InvariantCulture);
        }

        return 0;
    }
}
