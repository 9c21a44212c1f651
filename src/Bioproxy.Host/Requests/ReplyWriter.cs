using System.Text;
using Bioproxy.Host.Http;

namespace Bioproxy.Host.Requests;

/// <summary>Writes a plugin's answer to the client: piece by piece as a stream, or as a whole at the end.</summary>
/// <param name="exchange">The request.</param>
/// <param name="shape">The form of its endpoint.</param>
/// <param name="isStream">The client asked for a stream.</param>
/// <param name="usage">The tokens of what the plugin asked.</param>
/// <param name="editor">The response transforms; null for none.</param>
internal sealed class ReplyWriter(Exchange exchange, ReplyShape shape, bool isStream, UsageMeter usage, ResponseFilter? editor)
{
    private readonly StringBuilder _text = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private char? _half;
    private bool _hasBegun;

    /// <summary>The next piece of the answer.</summary>
    public async ValueTask WriteAsync(string text, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            text = Whole(text);
            _text.Append(text);
            if (!isStream)
                return;
            var opening = Begin();
            await SendAsync(Passed(opening + shape.Piece(text)), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The answer is complete.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var rest = _half is null ? "" : "\ufffd"; // its other half never came
            _text.Append(rest);
            if (isStream)
            {
                var opening = Begin();
                var closing = opening + (rest.Length > 0 ? shape.Piece(rest) : "") + shape.Closing(_text.ToString(), usage.Usage);
                var passed = Passed(closing).ToArray(); // it is valid until the next call only
                byte[] last = [.. passed, .. (editor?.End() ?? default).Span];
                await SendAsync(last, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                ReadOnlyMemory<byte> body = shape.Whole(_text.ToString(), usage.Usage);
                if (editor is not null)
                {
                    editor.Pass(body);
                    body = editor.End();
                }

                Head("application/json; charset=utf-8");
                exchange.Answer.Headers.ContentLength = body.Length;
                await SendAsync(body, cancellationToken).ConfigureAwait(false);
            }

            await exchange.Answer.CompleteAsync().ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Ends the writing, for good.</summary>
    /// <returns>False while a write is under way: then the response cannot be used any more.</returns>
    public bool TryClose() => _writing.Wait(0);

    /// <summary>A piece without the half of a character that it may end with; the half goes ahead of the next one.</summary>
    private string Whole(string text)
    {
        text = _half + text;
        _half = text.Length > 0 && char.IsHighSurrogate(text[^1]) ? text[^1] : null;
        return _half is null ? text : text[..^1];
    }

    private string Begin()
    {
        if (_hasBegun)
            return "";
        _hasBegun = true;
        Head("text/event-stream");
        exchange.Answer.Headers.CacheControl = "no-cache";
        exchange.Answer.Headers["X-Accel-Buffering"] = "no";
        return shape.Opening();
    }

    private void Head(string type)
    {
        exchange.Status = exchange.Answer.StatusCode = 200;
        exchange.Answer.Headers.ContentType = type;
    }

    private ReadOnlyMemory<byte> Passed(string events)
    {
        var bytes = Encoding.UTF8.GetBytes(events);
        return editor?.Pass(bytes) ?? bytes;
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (!bytes.IsEmpty)
            await exchange.Answer.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
    }
}
