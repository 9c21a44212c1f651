using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Http;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Transforms;
using Bioproxy.UnitTests.Transforms;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Requests;

public sealed class ReplyWriterTests
{
    private static readonly ReplyShape Shape = new(PromptEndpoint.Chat, false, "ID", "m", 7);

    private readonly DefaultHttpContext _http = new();
    private readonly MemoryStream _body = new();
    private readonly Exchange _exchange;

    public ReplyWriterTests()
    {
        _http.Response.Body = _body;
        _exchange = new Exchange(new ClientSink(_http), new Route("chat_completions", true, PromptEndpoint.Chat, true), 0);
    }

    [Fact]
    public async Task Write_Stream_GoesOutAtOnce()
    {
        var writer = new ReplyWriter(_exchange, Shape, isStream: true, new UsageMeter(isWanted: false), null);

        await writer.WriteAsync("a", CancellationToken.None).DefaultTimeout();
        Assert.Equal(Shape.Opening() + Shape.Piece("a"), Sent());
        await writer.WriteAsync("b", CancellationToken.None).DefaultTimeout();
        Assert.Equal(Shape.Opening() + Shape.Piece("a") + Shape.Piece("b"), Sent());
        await writer.CompleteAsync(CancellationToken.None).DefaultTimeout();

        Assert.Equal(Shape.Opening() + Shape.Piece("a") + Shape.Piece("b") + Shape.Closing("ab", default), Sent());
        var response = _http.Response;
        var caching = response.Headers.CacheControl.ToString();
        Assert.Equal(
            (200, 200, "text/event-stream", "no-cache", null),
            (_exchange.Status, response.StatusCode, response.ContentType, caching, response.ContentLength));
        Assert.Equal("no", response.Headers["X-Accel-Buffering"]); // as llama-server: nginx would hold the stream back
    }

    [Fact]
    public async Task Write_WholeAnswer_GoesOutAtTheEndWithItsLength()
    {
        var writer = new ReplyWriter(_exchange, Shape, isStream: false, new UsageMeter(isWanted: false), null);

        await writer.WriteAsync("ä", CancellationToken.None).DefaultTimeout();
        await writer.WriteAsync("b", CancellationToken.None).DefaultTimeout();
        Assert.Equal("", Sent());
        await writer.CompleteAsync(CancellationToken.None).DefaultTimeout();

        Assert.Equal(Encoding.UTF8.GetString(Shape.Whole("äb", default)), Sent());
        Assert.Equal(
            (200, "application/json; charset=utf-8", (long?)_body.Length),
            (_http.Response.StatusCode, _http.Response.ContentType, _http.Response.ContentLength));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Complete_NothingWritten_IsAnEmptyAnswer(bool isStream)
    {
        await new ReplyWriter(_exchange, Shape, isStream, new UsageMeter(isWanted: false), null)
            .CompleteAsync(CancellationToken.None)
            .DefaultTimeout();

        Assert.Equal(isStream ? Shape.Opening() + Shape.Closing("", default) : Encoding.UTF8.GetString(Shape.Whole("", default)), Sent());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Write_ResponseTransforms_EditIt(bool isStream)
    {
        using ResponseFilter editor = isStream
            ? new StreamEditor(TestEditors.Edits(Restorer.Begin))
            : new WholeEditor(TestEditors.Edits(Restorer.Begin));
        var writer = new ReplyWriter(_exchange, Shape, isStream, new UsageMeter(isWanted: false), editor);

        foreach (var piece in (string[])["x [MAI", "L_1] [NA"])
            await writer.WriteAsync(piece, CancellationToken.None).DefaultTimeout();
        await writer.CompleteAsync(CancellationToken.None).DefaultTimeout();

        Assert.Equal(Restorer.Restore("x [MAIL_1] [NA"), Text(isStream));
        Assert.Equal(isStream ? null : _body.Length, _http.Response.ContentLength);
    }

    [Fact]
    public async Task Complete_FilterThatReusesItsBuffer_LosesNothing()
    {
        using var late = new LateFilter();
        var writer = new ReplyWriter(_exchange, Shape, isStream: true, new UsageMeter(isWanted: false), late);

        await writer.WriteAsync("a", CancellationToken.None).DefaultTimeout();
        await writer.CompleteAsync(CancellationToken.None).DefaultTimeout();

        Assert.Equal(Shape.Opening() + Shape.Piece("a") + Shape.Closing("a", default) + ": late\n\n", Sent());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Write_PieceThatEndsWithinACharacter_WaitsForTheRestOfIt(bool isStream)
    {
        var writer = new ReplyWriter(_exchange, Shape, isStream, new UsageMeter(isWanted: false), null);

        foreach (var piece in (string[])["a\ud83d", "\ude00b\ud83d", "", "\ude00"])
            await writer.WriteAsync(piece, CancellationToken.None).DefaultTimeout();
        await writer.CompleteAsync(CancellationToken.None).DefaultTimeout();

        Assert.Equal("a😀b😀", Text(isStream));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Write_HalfCharacters_AreReplaced(bool isStream)
    {
        var writer = new ReplyWriter(_exchange, Shape, isStream, new UsageMeter(isWanted: false), null);

        foreach (var piece in (string[])["\ude00a", "b\ud83dc", "d\ud83d"])
            await writer.WriteAsync(piece, CancellationToken.None).DefaultTimeout();
        await writer.CompleteAsync(CancellationToken.None).DefaultTimeout();

        Assert.Equal("\ufffdab\ufffdcd\ufffd", Text(isStream));
    }

    [Fact]
    public async Task Write_FromManyAtOnce_KeepsEventsWhole()
    {
        var writer = new ReplyWriter(_exchange, Shape, isStream: true, new UsageMeter(isWanted: false), null);

        var writes = Enumerable.Range(0, 50).Select(i => Task.Run(() => writer.WriteAsync($"<{i}>", CancellationToken.None).AsTask()));
        await Task.WhenAll(writes).DefaultTimeout();
        await writer.CompleteAsync(CancellationToken.None).DefaultTimeout();

        var written = Text(isStream: true).Replace("><", "> <", StringComparison.Ordinal).Split(' ');
        Assert.Equal(
            Enumerable.Range(0, 50).Select(i => $"<{i}>").Order(StringComparer.Ordinal),
            written.Order(StringComparer.Ordinal));
    }

    private string Sent() => Encoding.UTF8.GetString(_body.ToArray());

    private string Text(bool isStream) => isStream
        ? AnswerStreams.Read(_body.ToArray())["content 0"]
        : (string)JsonNode.Parse(Sent())!["choices"]![0]!["message"]!["content"]!;

    /// <summary>Has something left at the end, in the buffer of what it returned before.</summary>
    private sealed class LateFilter : ResponseFilter
    {
        private readonly byte[] _buffer = new byte[4096];

        public override ReadOnlyMemory<byte> Pass(ReadOnlyMemory<byte> read)
        {
            read.CopyTo(_buffer);
            return _buffer.AsMemory(0, read.Length);
        }

        public override ReadOnlyMemory<byte> End() => Pass(": late\n\n"u8.ToArray());

        public override void Dispose()
        {
            // holds nothing
        }
    }
}
