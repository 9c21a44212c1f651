using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Bioproxy.Doubles;

/// <summary>One life of a fake: its listener, its connections and its slots.</summary>
internal sealed class FakeProcess
{
    private readonly FakeBackend _backend;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _killed = new();
    private readonly ConcurrentDictionary<int, FakeConnection> _connections = new();
    private readonly ConcurrentDictionary<int, Task> _tasks = new();
    private readonly FakeEndpoints _endpoints;
    private readonly Task _accepting;
    private readonly Func<int> _nextConnection;

    /// <param name="backend">Whose life this is.</param>
    /// <param name="options">What it plays.</param>
    /// <param name="listener">A bound socket, which this object owns.</param>
    /// <param name="nextConnection">Numbers connections.</param>
    public FakeProcess(FakeBackend backend, FakeBackendOptions options, Socket listener, Func<int> nextConnection)
    {
        _backend = backend;
        _listener = listener;
        _nextConnection = nextConnection;
        Engine = new FakeEngine(options, backend.Files, backend.Violations);
        Marker = $"<__media_{Guid.NewGuid():N}__>";
        _endpoints = new FakeEndpoints(backend, options, Engine, Marker);
        listener.Listen(512);
        _accepting = AcceptAsync();
    }

    public FakeEngine Engine { get; }

    public string Marker { get; }

    /// <summary>A socket that has a port and refuses connections until it listens.</summary>
    public static Socket Bind(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, port != 0);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    public void CloseIdleConnections()
    {
        foreach (var connection in _connections.Values)
            connection.CloseWhenIdle();
    }

    /// <summary>Ends everything at once, as a kill does: connections are reset.</summary>
    public void Kill()
    {
        _killed.Cancel();
        _listener.Dispose();
        foreach (var connection in _connections.Values)
            connection.Close(isReset: true);
    }

    /// <summary>Completes when none of its work runs any more.</summary>
    public async Task WhenEndedAsync()
    {
        await _accepting;
        await Task.WhenAll(_tasks.Values);
        _killed.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync(_killed.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                if (_killed.IsCancellationRequested)
                    return;
                continue; // a client that left before it was accepted
            }

            var number = _nextConnection();
            var connection = new FakeConnection(_backend, _endpoints, socket, number, _killed.Token);
            _connections[number] = connection;
            if (_killed.IsCancellationRequested)
                connection.Close(isReset: true);
            _tasks[number] = ServeAsync(connection, number);
        }
    }

    private async Task ServeAsync(FakeConnection connection, int number)
    {
        try
        {
            await connection.ServeAsync();
        }
        catch (Exception e) when (e is ObjectDisposedException or System.Net.Sockets.SocketException or IOException)
        {
            // killed between accepting and serving
        }

        _connections.TryRemove(number, out _);
    }
}
