using System.Text.Json;
using Bioproxy.Doubles;
using Bioproxy.Host.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bioproxy.UnitTests.Http;

public sealed class FailureWriterTests
{
    [Theory]
    [InlineData(nameof(FailureKind.ClientBodyTooLarge), 413, "invalid_request_error", "request_too_large")]
    [InlineData(nameof(FailureKind.ClientBodyEncoded), 415, "invalid_request_error", "unsupported_content_encoding")]
    [InlineData(nameof(FailureKind.ClientBodyBroken), 400, "invalid_request_error", "request_incomplete")]
    [InlineData(nameof(FailureKind.PluginFailed), 500, "server_error", "plugin_failed")]
    [InlineData(nameof(FailureKind.PluginTimedOut), 500, "server_error", "plugin_timed_out")]
    [InlineData(nameof(FailureKind.ClientBodyTimedOut), 408, "invalid_request_error", "request_timeout")]
    [InlineData(nameof(FailureKind.MemoryFull), 503, "server_error", "memory_full")]
    [InlineData(nameof(FailureKind.QueueFull), 429, "rate_limit_error", "queue_full")]
    [InlineData(nameof(FailureKind.QueueTimedOut), 503, "server_error", "queue_timeout")]
    [InlineData(nameof(FailureKind.BackendUnreachable), 502, "server_error", "backend_unreachable")]
    [InlineData(nameof(FailureKind.BackendClosed), 502, "server_error", "backend_closed")]
    [InlineData(nameof(FailureKind.BackendTimedOut), 504, "server_error", "backend_timeout")]
    [InlineData(nameof(FailureKind.Internal), 500, "server_error", "internal_error")]
    public async Task Write_NothingSentYet_IsTheOpenAiErrorBody(string kind, int status, string type, string code)
    {
        var (http, life, body) = Context();
        var failure = new ProxyFailure(Enum.Parse<FailureKind>(kind), "it \"failed\" ä");

        await FailureWriter.WriteAsync(new ClientSink(http), failure).DefaultTimeout();

        Assert.Equal(
            (status, "application/json", body.Length, false),
            (http.Response.StatusCode, http.Response.ContentType, http.Response.ContentLength, life.IsAborted));
        using var document = JsonDocument.Parse(body.ToArray());
        var error = document.RootElement.GetProperty("error");
        Assert.Equal(
            ("it \"failed\" ä", type, code),
            (error.GetProperty("message").GetString(), error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
        Assert.Equal(0, http.Response.Headers.RetryAfter.Count);
    }

    [Theory]
    [InlineData(0, "1")]
    [InlineData(1500, "2")]
    [InlineData(60_000, "60")]
    public async Task Write_TryAgainLater_SaysWhen(int milliseconds, string expected)
    {
        var (http, _, _) = Context();
        var failure = new ProxyFailure(FailureKind.QueueFull, "full", TimeSpan.FromMilliseconds(milliseconds));

        await FailureWriter.WriteAsync(new ClientSink(http), failure).DefaultTimeout();

        Assert.Equal(expected, http.Response.Headers.RetryAfter);
    }

    [Fact]
    public async Task Write_ClientGone_OnlyEndsTheConnection()
    {
        var (http, life, body) = Context();

        await FailureWriter.WriteAsync(new ClientSink(http), new ProxyFailure(FailureKind.ClientGone, "gone")).DefaultTimeout();

        Assert.Equal((true, 0L), (life.IsAborted, body.Length));
    }

    [Fact]
    public async Task Write_ResponseHasBegun_BreaksItOff()
    {
        var (http, life, body) = Context(hasStarted: true);

        await FailureWriter.WriteAsync(new ClientSink(http), new ProxyFailure(FailureKind.BackendClosed, "broke")).DefaultTimeout();

        Assert.Equal((true, 0L), (life.IsAborted, body.Length));
    }

    [Fact]
    public void Failures_All_HaveAStatusATypeAndACode()
    {
        foreach (var kind in Enum.GetValues<FailureKind>())
        {
            var failure = new ProxyFailure(kind, "x");

            Assert.InRange(failure.Status, 400, 599);
            Assert.NotEmpty(failure.Type);
            Assert.True(failure.Code != "internal_error" || kind == FailureKind.Internal, kind.ToString());
        }
    }

    private static (DefaultHttpContext Http, Life Life, MemoryStream Body) Context(bool hasStarted = false)
    {
        var http = new DefaultHttpContext();
        var life = new Life();
        var body = new MemoryStream();
        http.Features.Set<IHttpRequestLifetimeFeature>(life);
        http.Features.Set<IHttpResponseFeature>(new Response(hasStarted));
        http.Response.Body = body;
        return (http, life, body);
    }

    private sealed class Life : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }

    private sealed class Response(bool hasStarted) : HttpResponseFeature
    {
        public override bool HasStarted => hasStarted;
    }
}
