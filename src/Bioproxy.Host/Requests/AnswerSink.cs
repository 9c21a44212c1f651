using System.Text;
using Bioproxy.Host.Transforms;
using Microsoft.AspNetCore.Http.Features;

namespace Bioproxy.Host.Requests;

/// <summary>The client's end of a plugin's question: takes the answer, and hands the pieces of a stream's text on.</summary>
internal sealed class AnswerSink(Func<string, ValueTask>? onText, long longest) : Stream
{
    private readonly MemoryStream _body = new();
    private readonly StringBuilder _text = new();
    private readonly List<string> _pieces = [];
    private StreamTexts? _events;

    public SinkResponse Response { get; } = new();

    public bool IsStream => Response.Headers.ContentType.ToString().StartsWith("text/event-stream", StringComparison.Ordinal);

    /// <summary>What came, unless it was a stream.</summary>
    public ReadOnlyMemory<byte> Body => IsStream ? default : _body.ToArray();

    /// <summary>The text of a stream.</summary>
    public string Text => _text.ToString();

    /// <summary>What stopped it from taking more.</summary>
    public Exception? Problem { get; private set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Response.Start();
        try
        {
            if (!IsStream)
            {
                if (_body.Length + buffer.Length > longest)
                    throw new IOException($"it is longer than {longest} bytes (limits.max_body_bytes)");
                await _body.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
                return;
            }

            (_events ??= new StreamTexts(_pieces.Add)).Pass(buffer);
            foreach (var piece in _pieces)
            {
                if (_text.Length + piece.Length > longest)
                    throw new IOException($"its text is longer than {longest} characters (limits.max_body_bytes)");
                _text.Append(piece);
                if (onText is not null)
                    await onText(piece).ConfigureAwait(false);
            }

            _pieces.Clear();
        }
        catch (Exception e)
        {
            Problem ??= e;
            throw new IOException(e.Message, e); // as of a connection that broke: the path stops the backend
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        Response.Start();
        return Task.CompletedTask;
    }

    public override void Flush() => Response.Start();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _events?.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Knows whether the answer has begun.</summary>
    internal sealed class SinkResponse : HttpResponseFeature
    {
        private bool _hasStarted;

        public override bool HasStarted => _hasStarted;

        public void Start() => _hasStarted = true;
    }
}
