using System.Net;
using System.Net.Sockets;
using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests;

/// <summary>A backend that answers with exactly the bytes a test gives it. It is a server of no kind that is known: what would say so is
/// not found.</summary>
internal sealed class FakeRawBackend : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<FakeRawExchange, Task> _answer;
    private readonly List<Task> _tasks = [];
    private readonly Task _accepting;
    private readonly Lock _lock = new();
    private readonly List<FakeRawExchange> _exchanges = [];

    /// <param name="answer">Answers every request of a client; the connection ends behind it.</param>
    public FakeRawBackend(Func<FakeRawExchange, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        BaseAddress = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _accepting = AcceptAsync();
    }

    public Uri BaseAddress { get; }

    public IReadOnlyList<FakeRawExchange> Exchanges
    {
        get
        {
            lock (_lock)
                return [.. _exchanges];
        }
    }

    /// <summary>A backend that gives one answer to everything.</summary>
    public static FakeRawBackend Answering(string answer) => new(exchange => exchange.WriteAsync(answer));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_tasks).DefaultTimeout();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _tasks.Add(ServeAsync(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // stopped
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        socket.NoDelay = true;
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            var reader = new FakeHttpReader(stream);
            if (await reader.ReadHeadAsync(_stop.Token) is not var (method, target, headers))
                return;
            var exchange = new FakeRawExchange(stream, _stop.Token)
            {
                Method = method,
                Target = target,
                Headers = headers,
                Body = await reader.ReadBodyAsync(headers, _stop.Token),
            };
            if (target is "/props" or "/api/version" or "/v1/models")
            {
                await exchange.WriteAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                return;
            }

            lock (_lock)
                _exchanges.Add(exchange);
            reader.Watch(exchange.Leave);
            await _answer(exchange);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or EndOfStreamException or InvalidDataException)
        {
            // the proxy left
        }
    }
}
