using System.Globalization;
using System.Text;

namespace Bioproxy.Doubles;

/// <summary>Writes one answer byte by byte, as its script says.</summary>
internal sealed class FakeResponse(Stream stream, FakeRequest request, FakeMisbehaviour script, bool mayStayOpen)
{
    private readonly MemoryStream _held = new();
    private int _status;
    private string _contentType = "";
    private bool _isChunked;
    private int _chunks;

    public bool HasStarted { get; private set; }

    /// <summary>Whether the connection can carry another request after this.</summary>
    public bool MayStayOpen { get; private set; } = mayStayOpen;

    private bool IsHeldBack => script.IsMerged || script.Wire is FakeWire.ContentLengthTooLarge or FakeWire.ContentLengthTooSmall;

    /// <summary>A whole answer.</summary>
    public async Task SendAsync(int status, string contentType, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var isChunked = script.Trailers.Count > 0 || script.ChunkSize > 0
            || script.Wire is FakeWire.CloseMidChunk or FakeWire.CloseBetweenChunks
                or FakeWire.WrongChunkLength or FakeWire.GarbageChunkLength or FakeWire.BothLengths;
        if (isChunked)
        {
            await StartAsync(status, contentType, cancellationToken);
            await WriteAsync(body, cancellationToken);
            await EndAsync(cancellationToken);
            return;
        }

        _status = status;
        _contentType = contentType;
        await HeadAsync(body.Length, cancellationToken);
        if (request.Method != "HEAD")
            await RawAsync(body, cancellationToken);
        Finish();
    }

    /// <summary>The headers of a streamed answer.</summary>
    public async Task StartAsync(int status, string contentType, CancellationToken cancellationToken)
    {
        _status = status;
        _contentType = contentType;
        HasStarted = true;
        if (script.Wire is not (FakeWire.ContentLengthTooLarge or FakeWire.ContentLengthTooSmall))
            await HeadAsync(null, cancellationToken);
    }

    public async Task WriteAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        if (IsHeldBack)
        {
            _held.Write(piece.Span);
            return;
        }

        while (!piece.IsEmpty)
        {
            var length = script.ChunkSize > 0 ? Math.Min(script.ChunkSize, piece.Length) : piece.Length;
            await ChunkAsync(piece[..length], cancellationToken);
            piece = piece[length..];
        }
    }

    public async Task EndAsync(CancellationToken cancellationToken)
    {
        if (IsHeldBack)
        {
            var body = _held.ToArray();
            if (script.IsMerged)
            {
                await ChunkAsync(body, cancellationToken);
            }
            else
            {
                await HeadAsync(body.Length, cancellationToken);
                await RawAsync(body, cancellationToken);
            }
        }

        if (_isChunked)
        {
            if (script.Wire is FakeWire.CloseBetweenChunks or FakeWire.CloseMidChunk)
                throw new FakeCutException(script.IsReset);
            var end = new StringBuilder("0\r\n");
            foreach (var (name, value) in script.Trailers)
                end.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
            await RawAsync(Encoding.Latin1.GetBytes(end.Append("\r\n").ToString()), cancellationToken);
        }

        Finish();
    }

    private void Finish()
    {
        if (script.Wire is FakeWire.ContentLengthTooLarge or FakeWire.Http10)
            throw new FakeCutException(script.IsReset);
        if (script.Wire is FakeWire.ContentLengthTooSmall or FakeWire.WrongChunkLength or FakeWire.GarbageChunkLength)
            MayStayOpen = false;
    }

    private async Task HeadAsync(int? length, CancellationToken cancellationToken)
    {
        HasStarted = true;
        var isOld = script.Wire == FakeWire.Http10;
        _isChunked = length is null && !isOld;
        if (_status >= 400 || isOld)
            MayStayOpen = false; // measured: llama-server closes after every error
        var head = new StringBuilder();
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.{(isOld ? 0 : 1)} {_status} {Reason(_status)}\r\n");
        head.Append("Server: llama.cpp\r\n");
        if (!script.Headers.Any(static header => header.Name == "Access-Control-Allow-Origin"))
            head.Append("Access-Control-Allow-Origin: \r\n");
        if (_contentType.Length > 0)
            head.Append(CultureInfo.InvariantCulture, $"Content-Type: {_contentType}\r\n");
        foreach (var (name, value) in script.Headers)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        var wrong = script.Wire switch
        {
            FakeWire.ContentLengthTooLarge => script.Amount,
            FakeWire.ContentLengthTooSmall => -script.Amount,
            _ => 0
        };
        if (length is { } bytes && !isOld)
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {Math.Max(0, bytes + wrong)}\r\n");
        if (script.Wire == FakeWire.BothLengths)
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {script.Amount}\r\n");
        if (_isChunked)
            head.Append("X-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n");
        if (script.Trailers.Count > 0)
            head.Append(CultureInfo.InvariantCulture, $"Trailer: {string.Join(", ", script.Trailers.Select(t => t.Name))}\r\n");
        head.Append(MayStayOpen ? "Keep-Alive: timeout=5, max=100\r\n\r\n" : "Connection: close\r\n\r\n");
        var raw = Encoding.Latin1.GetBytes(head.ToString());
        if (script.Wire == FakeWire.CloseInStatusLine)
        {
            await RawAsync(raw.AsMemory(0, 11), cancellationToken);
            throw new FakeCutException(script.IsReset);
        }

        await RawAsync(raw, cancellationToken);
        if (script.Wire == FakeWire.CloseAfterHeaders)
            throw new FakeCutException(script.IsReset);
    }

    private async Task ChunkAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (data.IsEmpty)
            return;
        if (!_isChunked)
        {
            await RawAsync(data, cancellationToken);
            return;
        }

        var isDue = _chunks++ == script.AfterChunks;
        switch (script.Wire)
        {
            case FakeWire.CloseMidChunk when isDue:
                await FramedAsync(Length(data.Length), data[..((data.Length + 1) / 2)], "", cancellationToken);
                throw new FakeCutException(script.IsReset);
            case FakeWire.CloseBetweenChunks when isDue:
                throw new FakeCutException(script.IsReset);
            case FakeWire.WrongChunkLength when isDue:
                await FramedAsync(Length(data.Length + script.Amount), data, "\r\n", cancellationToken);
                return;
            case FakeWire.GarbageChunkLength when isDue:
                await FramedAsync("zz\r\n", data, "\r\n", cancellationToken);
                return;
            default:
                await FramedAsync(Length(data.Length), data, "\r\n", cancellationToken);
                return;
        }
    }

    private static string Length(int value) => string.Create(CultureInfo.InvariantCulture, $"{value:x}\r\n");

    private Task FramedAsync(string before, ReadOnlyMemory<byte> data, string after, CancellationToken cancellationToken) =>
        RawAsync((byte[])[.. Encoding.Latin1.GetBytes(before), .. data.Span, .. Encoding.Latin1.GetBytes(after)], cancellationToken);

    private async Task RawAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            var length = script.WriteSize > 0 ? Math.Min(script.WriteSize, bytes.Length) : bytes.Length;
            await stream.WriteAsync(bytes[..length], cancellationToken);
            bytes = bytes[length..];
        }
    }

    private static string Reason(int status) => status switch
    {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Status",
    };
}
