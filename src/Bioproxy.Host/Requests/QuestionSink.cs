using System.Text;
using Bioproxy.Host.Http;
using Bioproxy.Host.Transforms;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Requests;

/// <summary>The receiving end of a plugin's question: collects the answer, and passes on the text of a stream as it comes.</summary>
/// <param name="onText">Receives the pieces of a stream's text; null for none.</param>
/// <param name="longest">Bytes of an answer at most.</param>
/// <param name="gone">The plugin no longer waits.</param>
internal sealed class QuestionSink(Func<string, ValueTask>? onText, long longest, CancellationToken gone) : IAnswerSink, IDisposable
{
    private readonly MemoryStream _body = new();
    private readonly StringBuilder _text = new();
    private readonly List<string> _pieces = [];
    private StreamTexts? _events;

    public bool HasStarted { get; private set; }

    public int StatusCode { get; set; } = 200;

    public IHeaderDictionary Headers { get; } = new HeaderDictionary();

    public CancellationToken Gone => gone;

    public bool NeedsKeepAlive => false;

    public bool IsStream => Headers.ContentType.ToString().StartsWith("text/event-stream", StringComparison.Ordinal);

    /// <summary>The answer's body, unless it is a stream.</summary>
    public ReadOnlyMemory<byte> Body => IsStream ? default : _body.ToArray();

    /// <summary>The text of a stream.</summary>
    public string Text => _text.ToString();

    /// <summary>What kept it from taking more.</summary>
    public Exception? Problem { get; private set; }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        HasStarted = true;
        try
        {
            if (!IsStream)
            {
                if (_body.Length + bytes.Length > longest)
                    throw new IOException($"it is longer than {longest} bytes (limits.max_body_bytes)");
                await _body.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
                return;
            }

            (_events ??= new StreamTexts(_pieces.Add)).Pass(bytes);
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
            throw new IOException(e.Message, e); // like a broken connection: the path stops the backend
        }
    }

    public Task FlushAsync(CancellationToken cancellationToken)
    {
        HasStarted = true;
        return Task.CompletedTask;
    }

    public Task CompleteAsync() => FlushAsync(CancellationToken.None);

    /// <summary>The plugin gets the failure as an exception, so nothing has to be broken off.</summary>
    public void Abort()
    {
    }

    public void Dispose() => _events?.Dispose();
}
