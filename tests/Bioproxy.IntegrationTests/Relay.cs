using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// Forwards bytes between a proxy and a server. It can hold a slot action before the server gets it, or hold the answer. When one side
/// closes, the other is closed, too.
/// </summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly Uri _server;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<Task> _connections = new();
    private readonly Task _accepting;
    private volatile RelayHold? _hold;

    private Relay(Uri server, IPAddress address)
    {
        _server = server;
        _listener = new TcpListener(address, 0);
        _listener.Start();
        Address = new Uri($"http://{_listener.LocalEndpoint}/");
        _accepting = AcceptAsync();
    }

    /// <summary>The address for the proxy.</summary>
    public Uri Address { get; }

    /// <param name="server">The server, on loopback.</param>
    /// <param name="address">Where the proxy reaches it; null for loopback.</param>
    public static Relay Start(Uri server, IPAddress? address = null) => new(server, address ?? IPAddress.Loopback);

    /// <summary>Holds the next save or restore of one of the proxy's files.</summary>
    /// <param name="action">save or restore.</param>
    /// <param name="isAnswered">The server gets it, and its answer is held.</param>
    public RelayHold Hold(string action, bool isAnswered) => _hold = new RelayHold(action, isAnswered);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _connections.Enqueue(ServeAsync(await _listener.AcceptTcpClientAsync(_stopping.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // it is disposed
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient { NoDelay = true };
        using (client)
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            try
            {
                client.NoDelay = true;
                await server.ConnectAsync(IPAddress.Loopback, _server.Port, _stopping.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                return; // the server is down
            }

            var stopped = new ConcurrentQueue<RelayHold>();
            var there = PassAsync(
                client.GetStream(), server.GetStream(), (request, token) => BeforeServerAsync(request, stopped, token), ended.Token);
            var back = PassAsync(server.GetStream(), client.GetStream(), (_, token) => stopped.TryDequeue(out var hold)
                ? hold.StopAsync(token) : Task.CompletedTask, ended.Token);
            await Task.WhenAny(there, back);
            await ended.CancelAsync();
            await Task.WhenAll(there, back);
        }
    }

    private async Task BeforeServerAsync(string request, ConcurrentQueue<RelayHold> stopped, CancellationToken token)
    {
        if (_hold is not { } hold || !hold.IsMeant(request))
            return;
        _hold = null;
        if (hold.IsAnswered)
            stopped.Enqueue(hold);
        else
            await hold.StopAsync(token);
    }

    private static async Task PassAsync(
        NetworkStream from, NetworkStream to, Func<string, CancellationToken, Task> before, CancellationToken token)
    {
        var buffer = new byte[1 << 16];
        try
        {
            while (await from.ReadAsync(buffer, token) is var count && count > 0)
            {
                while (!IsWhole(buffer.AsSpan(0, count)) && await from.ReadAsync(buffer.AsMemory(count), token) is var more && more > 0)
                    count += more;
                await before(Encoding.Latin1.GetString(buffer, 0, count), token);
                await to.WriteAsync(buffer.AsMemory(0, count), token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // a side has ended
        }
    }

    /// <summary>Slot actions are small and are forwarded in one piece; everything else is forwarded as it arrives.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith("POST /slots/"u8))
            return true;
        var text = Encoding.Latin1.GetString(bytes);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
            return false;
        var length = text.Split("\r\n").First(line => line.StartsWith("Content-Length:",
            StringComparison.OrdinalIgnoreCase))["Content-Length:".Length..];
        return bytes.Length >= end + 4 + int.Parse(length, CultureInfo.InvariantCulture);
    }
}
