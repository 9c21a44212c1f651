using System.Text;
using Bioproxy.Doubles;
using Bioproxy.Host.Http;
using Bioproxy.Host.Protocols.Ollama;
using Bioproxy.UnitTests.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bioproxy.UnitTests.Protocols.Ollama;

/// <summary>The client's end of the path: whatever is written in llama-server's form leaves in Ollama's.</summary>
public sealed class OllamaSinkTests : IDisposable
{
    private readonly MemoryStream _received = new();
    private readonly DefaultHttpContext _http = new();
    private readonly OllamaSink _sink;

    public OllamaSinkTests()
    {
        _http.Features.Set<IHttpResponseFeature>(new StartedByItsFirstByte(_received));
        _http.Response.Body = _received;
        _sink = new OllamaSink(new ClientSink(_http));
    }

    [Fact]
    public async Task Stream_OfEvents_BecomesNdjson()
    {
        _sink.Answer = NewAnswer();
        _sink.StatusCode = 200;
        _sink.Headers.ContentType = "text/event-stream; charset=utf-8";

        await _sink.FlushAsync(CancellationToken.None).DefaultTimeout();
        await WriteAsync(": waiting for a slot\n");
        Assert.Equal(0, _received.Length);
        await WriteAsync(RecordedAnswers.Thinking);
        await _sink.CompleteAsync().DefaultTimeout();

        Assert.Equal("application/x-ndjson", _http.Response.ContentType);
        Assert.Equal(4, Received.Count(c => c == '\n'));
    }

    [Fact]
    public async Task Whole_InPieces_IsTranslatedAtItsEndWithItsLength()
    {
        _sink.Answer = NewAnswer();
        _sink.StatusCode = 200;
        _sink.Headers.ContentType = "application/json";
        _sink.Headers.ContentLength = 1;

        await WriteAsync("""{"choices":[{"finish_reason":"stop",""");
        Assert.Equal((0, true), (_received.Length, _sink.HasStarted));
        await WriteAsync("\"" + """message":{"content":"a"}}]}""");
        await _sink.CompleteAsync().DefaultTimeout();

        Assert.Contains("\"message\":{\"role\":\"assistant\",\"content\":\"a\"}", Received, StringComparison.Ordinal);
        Assert.Equal((_received.Length, 200), (_http.Response.ContentLength, _http.Response.StatusCode));
    }

    [Theory]
    [InlineData("""{"error":{"code":400,"message":"too \"long\"","type":"x"}}""", """{"error":"too \"long\""}""")]
    [InlineData("""{"error":"in Ollama's form"}""", """{"error":"in Ollama's form"}""")]
    [InlineData("""{"error":{"kind":7}}""", """{"error":"{\"kind\":7}"}""")]
    [InlineData("<html>", """{"error":"<html>"}""")]
    public async Task Error_OfTheBackend_IsInOllamasForm(string body, string expected)
    {
        _sink.Answer = NewAnswer();
        _sink.StatusCode = 400;
        _sink.Headers.ContentType = "application/json";

        await WriteAsync(body);
        await _sink.CompleteAsync().DefaultTimeout();

        Assert.Equal((expected, 400), (Received, _http.Response.StatusCode));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Failure_OfTheProxy_IsInOllamasForm(bool isTranslated)
    {
        _sink.Answer = isTranslated ? NewAnswer() : null;

        await FailureWriter.WriteAsync(_sink, new ProxyFailure(FailureKind.QueueFull, "full", TimeSpan.FromSeconds(3))).DefaultTimeout();

        Assert.Equal(("""{"error":"full"}""", 429), (Received, _http.Response.StatusCode));
        Assert.Equal("3", _http.Response.Headers.RetryAfter);
        Assert.Equal(_received.Length, _http.Response.ContentLength);
    }

    [Fact]
    public async Task Failure_AfterTheHeadersOfAStream_IsALine()
    {
        _sink.Answer = NewAnswer();
        _sink.StatusCode = 200;
        _sink.Headers.ContentType = "text/event-stream";
        await WriteAsync(RecordedAnswers.Delta("""{"content":"a"}"""));

        await FailureWriter.WriteAsync(_sink, new ProxyFailure(FailureKind.PluginFailed, "it failed"), isWaitingStream: true)
            .DefaultTimeout();

        Assert.EndsWith("\n{\"error\":\"it failed\"}\n", Received, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_OfAnotherForm_IsABadGateway()
    {
        _sink.Answer = NewAnswer();
        _sink.StatusCode = 200;

        await WriteAsync("<html>");
        await _sink.CompleteAsync().DefaultTimeout();

        Assert.Equal(502, _http.Response.StatusCode);
        Assert.StartsWith("{\"error\":\"", Received, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_OfAnOllamaServer_PassesUntouched()
    {
        _sink.StatusCode = 200;
        _sink.Headers.ContentType = "application/x-ndjson";

        await WriteAsync("{\"done\":false}\n");
        Assert.Equal("{\"done\":false}\n", Received);
        await _sink.CompleteAsync().DefaultTimeout();
    }

    [Fact]
    public void Sink_HasNoKeepAlive() => Assert.False(_sink.NeedsKeepAlive);

    public void Dispose()
    {
        _sink.Dispose();
        _received.Dispose();
    }

    private string Received => Encoding.UTF8.GetString(_received.ToArray());

    private Task WriteAsync(string text) => _sink.WriteAsync(Encoding.UTF8.GetBytes(text), CancellationToken.None).DefaultTimeout();

    private static OllamaAnswer NewAnswer() =>
        new(new OllamaRequest(OllamaCall.Chat, "m", "", default), TimeProvider.System.GetTimestamp(), TimeProvider.System);

    private sealed class StartedByItsFirstByte(MemoryStream received) : HttpResponseFeature
    {
        public override bool HasStarted => received.Length > 0;
    }
}
