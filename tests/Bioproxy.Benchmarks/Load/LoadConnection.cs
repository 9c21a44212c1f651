using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace Bioproxy.Benchmarks.Load;

/// <summary>
/// One keep-alive connection on a blocking socket: writes a request, reads its response to the end, and does little else.
/// </summary>
internal sealed class LoadConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        NoDelay = true,
        ReceiveTimeout = 30_000,
    };
    private byte[] _buffer = new byte[64 * 1024];

    public LoadConnection(int port) => _socket.Connect(IPAddress.Loopback, port);

    /// <summary>The cache result that the proxy reported: h(ot), r(estored), c(old), or 0 for the controls.</summary>
    public byte Source { get; private set; }

    /// <summary>Sends a request and waits for the whole response.</summary>
    /// <returns>The status; 0 when the connection ended too early.</returns>
    public int Ask(ReadOnlySpan<byte> request)
    {
        while (request.Length > 0)
            request = request[_socket.Send(request)..];
        var filled = 0;
        int headEnd;
        while ((headEnd = _buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (Receive(ref filled) == 0)
                return 0;
        }

        var head = _buffer.AsSpan(0, headEnd);
        var status = Number(head["HTTP/1.1 ".Length..]);
        var source = head.IndexOf("X-Bioproxy-Cache: "u8);
        Source = source < 0 ? (byte)0 : head[source + "X-Bioproxy-Cache: ".Length];
        if (Source == 'r' && head[source + "X-Bioproxy-Cache: r".Length] == 'a')
            Source = (byte)'c'; // ram: the proxy did not know of it
        var length = head.IndexOf("\r\nContent-Length: "u8);
        if (length >= 0)
        {
            var size = Number(head[(length + "\r\nContent-Length: ".Length)..]);
            while (filled < headEnd + 4 + size)
            {
                if (Receive(ref filled) == 0)
                    return 0;
            }

            return status;
        }

        while (!_buffer.AsSpan(0, filled).EndsWith("\r\n0\r\n\r\n"u8))
        {
            if (Receive(ref filled) == 0)
                return 0;
        }

        return status;
    }

    public void Dispose() => _socket.Dispose();

    private static int Number(ReadOnlySpan<byte> text) => Utf8Parser.TryParse(text, out int number, out _) ? number : 0;

    private int Receive(ref int filled)
    {
        if (filled == _buffer.Length)
            Array.Resize(ref _buffer, filled * 2);
        var read = _socket.Receive(_buffer.AsSpan(filled));
        filled += read;
        return read;
    }
}
