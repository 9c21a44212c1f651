using System.Buffers;
using Bioproxy.Host.Http;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>
/// A client that speaks Ollama's protocol. Everything that is written to it in llama-server's form reaches the client in Ollama's: the
/// backend's answers, those of plugins, and the proxy's own failures.
/// </summary>
/// <param name="to">The client.</param>
internal sealed class OllamaSink(IAnswerSink to) : IAnswerSink, IDisposable
{
    private readonly ArrayBufferWriter<byte> _held = new();
    private OllamaStream? _stream;
    private Form _form;

    private enum Form
    {
        Undecided,

        /// <summary>Passes as it is.</summary>
        Untouched,

        /// <summary>Is held until it is complete.</summary>
        Whole,

        /// <summary>Is translated event by event.</summary>
        Stream,
    }

    /// <summary>How answers are translated. Null: they are in Ollama's form already, and only errors are translated.</summary>
    public OllamaAnswer? Answer { get; set; }

    public bool HasStarted => to.HasStarted || _held.WrittenCount > 0;

    public int StatusCode
    {
        get => to.StatusCode;
        set => to.StatusCode = value;
    }

    public IHeaderDictionary Headers => to.Headers;

    public CancellationToken Gone => to.Gone;

    /// <summary>There is nothing that could be sent: NDJSON has no comments.</summary>
    public bool NeedsKeepAlive => false;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Decide();
        if (_form == Form.Whole)
        {
            _held.Write(bytes.Span);
            return;
        }

        if (_stream is not null)
            bytes = _stream.Pass(bytes);
        if (!bytes.IsEmpty)
            await to.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        else if (!to.HasStarted)
            await to.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        Decide();
        if (_form != Form.Whole)
            await to.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task CompleteAsync()
    {
        if (_stream is not null && _stream.End() is { IsEmpty: false } rest)
            await to.WriteAsync(rest, to.Gone).ConfigureAwait(false);
        else if (_held.WrittenCount > 0)
            await WriteWholeAsync().ConfigureAwait(false);
        await to.CompleteAsync().ConfigureAwait(false);
    }

    public void Abort() => to.Abort();

    public void Dispose() => _stream?.Dispose();

    private async Task WriteWholeAsync()
    {
        ReadOnlyMemory<byte> body;
        if (to.StatusCode >= 400 || Answer is null)
        {
            body = OllamaError.Translate(_held.WrittenMemory, to.StatusCode);
        }
        else if (Answer.Translate(_held.WrittenMemory) is { } translated)
        {
            body = translated;
        }
        else
        {
            to.StatusCode = StatusCodes.Status502BadGateway;
            body = OllamaError.Body("The backend's answer has none of the forms that can be translated for an Ollama client.");
        }

        to.Headers.ContentType = "application/json; charset=utf-8";
        to.Headers.ContentLength = body.Length;
        _held.ResetWrittenCount();
        await to.WriteAsync(body, to.Gone).ConfigureAwait(false);
    }

    /// <summary>The headers are in place: they say what follows.</summary>
    private void Decide()
    {
        if (_form != Form.Undecided)
            return;
        if (to.StatusCode >= 400)
        {
            _form = Form.Whole;
        }
        else if (Answer is null)
        {
            _form = Form.Untouched;
        }
        else if (to.Headers.ContentType.ToString().StartsWith("text/event-stream", StringComparison.Ordinal))
        {
            _form = Form.Stream;
            _stream = new OllamaStream(Answer);
            to.Headers.ContentType = "application/x-ndjson";
            to.Headers.ContentLength = null;
        }
        else
        {
            _form = Form.Whole;
        }
    }
}
