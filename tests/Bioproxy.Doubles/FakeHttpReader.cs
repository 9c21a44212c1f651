using System.Globalization;
using System.Text;

namespace Bioproxy.Doubles;

/// <summary>Reads HTTP/1.1 requests from a connection, and between them notices when the other side leaves.</summary>
internal sealed class FakeHttpReader(Stream stream)
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;
    private readonly byte[] _aheadBuffer = new byte[1024];
    private int _aheadLength;
    private Task? _ahead;
    private volatile Action _left = static () => { };

    /// <summary>Reads the request line and the headers; null at the end of the connection.</summary>
    /// <exception cref="InvalidDataException">It is not a request.</exception>
    public async Task<(string Method, string Target, List<KeyValuePair<string, string>> Headers)?> ReadHeadAsync(
        CancellationToken cancellationToken)
    {
        var first = await ReadLineAsync(isFirst: true, cancellationToken);
        if (first is null)
            return null;
        var words = first.Split(' ');
        if (words is not [_, _, "HTTP/1.1" or "HTTP/1.0"])
            throw new InvalidDataException($"no request line: {first}");
        var headers = new List<KeyValuePair<string, string>>();
        while (await ReadLineAsync(isFirst: false, cancellationToken) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':');
            if (colon < 1)
                throw new InvalidDataException($"no header: {line}");
            headers.Add(new(line[..colon], line[(colon + 1)..].Trim()));
        }

        return (words[0], words[1], headers);
    }

    /// <exception cref="InvalidDataException">The body is framed wrongly.</exception>
    public async Task<byte[]> ReadBodyAsync(IReadOnlyList<KeyValuePair<string, string>> headers, CancellationToken cancellationToken)
    {
        var length = headers.Where(h => h.Key.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)).Select(h => h.Value).ToList();
        var isChunked = headers.Any(h => h.Key.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase) && h.Value.Equals(
            "chunked", StringComparison.OrdinalIgnoreCase));
        if (isChunked && length.Count > 0)
            throw new InvalidDataException("both Content-Length and Transfer-Encoding");
        if (length.Count > 1)
            throw new InvalidDataException("two Content-Length headers");
        if (!isChunked)
            return length.Count == 0
                ? []
                : await ReadExactlyAsync(int.Parse(length[0], NumberStyles.None, CultureInfo.InvariantCulture), cancellationToken);
        var body = new MemoryStream();
        while (true)
        {
            var line = await ReadLineAsync(isFirst: false, cancellationToken) ?? "";
            if (!int.TryParse(line.Split(';')[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size))
                throw new InvalidDataException($"no chunk length: {line}");
            if (size == 0)
                break;
            body.Write(await ReadExactlyAsync(size, cancellationToken));
            if (await ReadLineAsync(isFirst: false, cancellationToken) is not "")
                throw new InvalidDataException("a chunk does not end where it says");
        }

        while (await ReadLineAsync(isFirst: false, cancellationToken) is { Length: > 0 })
        {
            // trailers
        }

        return body.ToArray();
    }

    /// <summary>Keeps reading in the background: the end means that the client left, other bytes are its next request.</summary>
    /// <param name="left">Called when the client left.</param>
    public void Watch(Action left)
    {
        _left = left;
        if (_ahead is null)
            _ahead = AheadAsync();
        else if (_ahead.IsCompletedSuccessfully && _aheadLength == 0)
            left();

        async Task AheadAsync()
        {
            await Task.Yield();
            try
            {
                _aheadLength = await stream.ReadAsync(_aheadBuffer);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                _aheadLength = 0;
            }

            if (_aheadLength == 0)
                _left();
        }
    }

    private async Task<string?> ReadLineAsync(bool isFirst, CancellationToken cancellationToken)
    {
        var at = _start;
        while (true)
        {
            var found = _buffer.AsSpan(at, _end - at).IndexOf((byte)'\n');
            if (found >= 0)
            {
                var line = Encoding.Latin1.GetString(_buffer, _start, at + found - _start).TrimEnd('\r');
                _start = at + found + 1;
                return line;
            }

            var seen = _end - _start;
            if (!await MoreAsync(cancellationToken))
                return isFirst && _end == _start ? null : throw new EndOfStreamException();
            at = _start + seen;
        }
    }

    private async Task<byte[]> ReadExactlyAsync(int count, CancellationToken cancellationToken)
    {
        while (_end - _start < count)
        {
            if (!await MoreAsync(cancellationToken))
                throw new EndOfStreamException();
        }

        var bytes = _buffer.AsSpan(_start, count).ToArray();
        _start += count;
        return bytes;
    }

    private async Task<bool> MoreAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_buffer.Length - _end < _aheadBuffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        int read;
        if (_ahead is { } ahead)
        {
            await ahead.WaitAsync(cancellationToken);
            _ahead = null;
            read = _aheadLength;
            _aheadBuffer.AsSpan(0, read).CopyTo(_buffer.AsSpan(_end));
        }
        else
        {
            read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        }

        _end += read;
        return read > 0;
    }
}
