using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using Bioproxy.Host.Requests;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Testing;

/// <summary>What the backend answers.</summary>
public sealed class HarnessAnswer
{
    private readonly int _status;
    private readonly string? _body;
    private readonly IReadOnlyList<string> _pieces;
    private readonly bool _areEvents;
    private readonly bool _isCut;

    private HarnessAnswer(int status, string? body, IReadOnlyList<string> pieces, bool areEvents = false, bool isCut = false)
    {
        _status = status;
        _body = body;
        _pieces = pieces;
        _areEvents = areEvents;
        _isCut = isCut;
    }

    /// <summary>A text, in the form of the endpoint: whole, or as a stream when the request asks for one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="chunkSize">UTF-16 characters of each event of a stream (a surrogate pair stays together); 0 = all in one.</param>
    /// <returns>The answer.</returns>
    public static HarnessAnswer Text(string text, int chunkSize = 0)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfNegative(chunkSize);
        return Pieces([.. Split(text, chunkSize)]);
    }

    /// <summary>A text in exactly these pieces, one an event; a whole answer has them joined.</summary>
    /// <param name="pieces">The pieces.</param>
    /// <returns>The answer.</returns>
    public static HarnessAnswer Pieces(params IReadOnlyList<string> pieces) => new(200, null, pieces);

    /// <summary>A stream of exactly these events, whatever was requested: tool calls, several choices, malformed data.</summary>
    /// <param name="events">The data of each event, for example <c>{"choices":[…]}</c> or <c>[DONE]</c>.</param>
    /// <returns>The answer.</returns>
    public static HarnessAnswer Events(params IReadOnlyList<string> events) => new(200, null, events, areEvents: true);

    /// <summary>A stream that is cut off after these pieces, as when a backend crashes. A non-streamed answer never begins.</summary>
    /// <param name="pieces">The pieces, one an event.</param>
    /// <returns>The answer.</returns>
    public static HarnessAnswer Cut(params IReadOnlyList<string> pieces) => new(200, null, pieces, isCut: true);

    /// <summary>Exactly this body.</summary>
    /// <param name="body">The body, JSON.</param>
    /// <param name="status">The HTTP status.</param>
    /// <returns>The answer.</returns>
    public static HarnessAnswer Json(string body, int status = 200) => new(status, body, []);

    /// <summary>An error, as OpenAI writes it.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="message">What went wrong.</param>
    /// <returns>The answer.</returns>
    public static HarnessAnswer Error(int status, string message) =>
        Json(
            new JsonObject { ["error"] = new JsonObject { ["code"] = status, ["message"] = message, ["type"] = "server_error" } }
                .ToJsonString(new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }),
            status);

    internal async Task WriteAsync(HttpContext http, HarnessRequest request)
    {
        http.Response.StatusCode = _status;
        if (_areEvents)
            await WriteStreamAsync(http, _pieces.Select(data => $"data: {data}\n\n")).ConfigureAwait(false);
        else if (_body is null && request.IsStream)
            await WriteStreamAsync(http, EventsOf(request)).ConfigureAwait(false);
        else if (!_isCut)
        {
            var body = _body is null ? ShapeOf(request).Whole(string.Concat(_pieces), default) : Encoding.UTF8.GetBytes(_body);
            await WriteWholeAsync(http, body).ConfigureAwait(false);
        }

        if (!_isCut)
            return;
        if (http.Response.HasStarted)
            throw new IOException("The test wants the stream to be cut."); // the server sends what was written, and closes without an end
        http.Abort();
    }

    private IEnumerable<string> EventsOf(HarnessRequest request)
    {
        var shape = ShapeOf(request);
        if (shape.Opening() is { Length: > 0 } opening)
            yield return opening;
        foreach (var piece in _pieces)
            yield return shape.Piece(piece);
        if (!_isCut)
            yield return shape.Closing(string.Concat(_pieces), default);
    }

    private static async Task WriteWholeAsync(HttpContext http, byte[] body)
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted).ConfigureAwait(false);
    }

    private static async Task WriteStreamAsync(HttpContext http, IEnumerable<string> events)
    {
        http.Response.ContentType = "text/event-stream";
        await http.Response.StartAsync(http.RequestAborted).ConfigureAwait(false);
        foreach (var data in events)
            await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(data), http.RequestAborted).ConfigureAwait(false); // which flushes
    }

    private static ReplyShape ShapeOf(HarnessRequest request) =>
        new(request.Endpoint, request.IsNative, "harness", request.Model, Created: 0);

    private static IEnumerable<string> Split(string text, int size)
    {
        for (var at = 0; at < text.Length;)
        {
            var end = size == 0 ? text.Length : Math.Min(text.Length, at + size);
            if (end < text.Length && char.IsSurrogatePair(text[end - 1], text[end]))
                end++;
            yield return text[at..end];
            at = end;
        }
    }
}
