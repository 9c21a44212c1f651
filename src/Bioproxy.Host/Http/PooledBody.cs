using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Http;

/// <summary>A whole request body in a pooled buffer, which goes back at disposal.</summary>
internal sealed class PooledBody : IDisposable
{
    private byte[]? _buffer;
    private readonly int _length;
    private bool _isAbandoned;

    private PooledBody(byte[] buffer, int length)
    {
        _buffer = buffer;
        _length = length;
    }

    public ReadOnlyMemory<byte> Memory => (_buffer ?? throw new ObjectDisposedException(nameof(PooledBody))).AsMemory(0, _length);

    /// <summary>
    /// Reads the body to its end, which also is what lets the server notice a client that leaves while it waits in the queue.
    /// </summary>
    /// <returns>The body, or the failure: too large, or broken off.</returns>
    public static async ValueTask<(PooledBody? Body, ProxyFailure? Failure)> ReadAsync(HttpRequest request, long limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
            return (null, TooLarge(limit));
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(request.ContentLength ?? 4096, 256, Math.Max(256, limit + 1)));
        var length = 0;
        try
        {
            while (true)
            {
                var read = await request.BodyReader.ReadAsync(cancellationToken).ConfigureAwait(false);
                foreach (var piece in read.Buffer)
                {
                    if (length + piece.Length > limit)
                    {
                        request.BodyReader.AdvanceTo(read.Buffer.End);
                        ArrayPool<byte>.Shared.Return(buffer);
                        return (null, TooLarge(limit));
                    }

                    if (length + piece.Length > buffer.Length)
                        buffer = Grow(buffer, length, length + piece.Length);
                    piece.Span.CopyTo(buffer.AsSpan(length));
                    length += piece.Length;
                }

                request.BodyReader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return (new PooledBody(buffer, length), null);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ConnectionResetException or BadHttpRequestException or IOException)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return (null, e is BadHttpRequestException { StatusCode: not 408 } bad
                ? new ProxyFailure(FailureKind.ClientBodyBroken, $"The request's body did not arrive whole: {bad.Message}")
                : new ProxyFailure(FailureKind.ClientGone, "The client left while it was sending."));
        }
    }

    /// <summary>Somebody who was given up on may still read the buffer: it is left to the garbage collector instead of the next request.</summary>
    public void Abandon() => _isAbandoned = true;

    public void Dispose()
    {
        if (_buffer is not { } buffer)
            return;
        _buffer = null;
        if (!_isAbandoned)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private static ProxyFailure TooLarge(long limit) =>
        new(FailureKind.ClientBodyTooLarge, $"The request's body is larger than {limit} bytes. The limit is limits.max_body_bytes in the proxy's configuration.");

    private static byte[] Grow(byte[] buffer, int length, int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, buffer.Length * 2));
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
