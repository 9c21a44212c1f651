using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Bioproxy.Doubles;

/// <summary>A collector that takes OTLP over HTTP and keeps what it got. Names and texts are in the protobuf as they are, so that a search
/// for bytes finds them.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _received = new();
    private readonly Task _accepting;

    private OtlpReceiver(int port)
    {
        Endpoint = new Uri($"http://127.0.0.1:{port}/otlp");
        _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The base address of the three signals.</summary>
    public Uri Endpoint { get; }

    /// <summary>What was pushed, and where to.</summary>
    public IReadOnlyList<(string Path, byte[] Body)> Received => [.. _received];

    public static OtlpReceiver Start()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        return new OtlpReceiver(port);
    }

    /// <summary>Whether a signal (<c>traces</c>, <c>metrics</c> or <c>logs</c>) has brought these bytes.</summary>
    public bool Has(string signal, ReadOnlySpan<byte> bytes)
    {
        foreach (var (path, body) in _received)
        {
            if (path == $"/otlp/v1/{signal}" && body.AsSpan().IndexOf(bytes) >= 0)
                return true;
        }

        return false;
    }

    public bool Has(string signal, string text) => Has(signal, Encoding.UTF8.GetBytes(text));

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        _listener.Close();
    }

    private async Task AcceptAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var call = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await call.Request.InputStream.CopyToAsync(body);
                _received.Enqueue((call.Request.Url!.AbsolutePath, body.ToArray()));
                call.Response.ContentType = "application/x-protobuf";
                call.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException)
            {
                // it was stopped, or the sender went
            }
        }
    }
}
