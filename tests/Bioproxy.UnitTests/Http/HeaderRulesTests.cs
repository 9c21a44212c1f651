using System.Net.Http.Headers;
using Bioproxy.Host.Http;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Http;

public sealed class HeaderRulesTests
{
    [Theory]
    [InlineData("Connection", "keep-alive")]
    [InlineData("Proxy-Connection", "keep-alive")]
    [InlineData("Keep-Alive", "timeout=5")]
    [InlineData("Transfer-Encoding", "chunked")]
    [InlineData("Upgrade", "websocket")]
    [InlineData("Proxy-Authorization", "Basic x")]
    [InlineData("host", "proxy:8088")]
    [InlineData("Content-Length", "5")]
    [InlineData("EXPECT", "100-continue")]
    [InlineData("HTTP2-Settings", "x")]
    public void ToBackend_OfTheConnection_StaysHere(string name, string value) => Assert.Empty(ToBackend((name, value)));

    [Theory]
    [InlineData("Authorization", "Bearer sk-äöü")]
    [InlineData("User-Agent", "client/1 (x; y) z")]
    [InlineData("Accept", "text/event-stream, */*;q=0.5")]
    [InlineData("Cookie", "a=b; c=d")]
    [InlineData("X-Forwarded-For", "1.2.3.4")]
    [InlineData("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("If-Modified-Since", "not a date")]
    [InlineData("Date", "not a date either")]
    [InlineData("Content-Type", "application/json; charset=\"utf-8\"; odd")]
    [InlineData("Content-Language", "x y z")]
    [InlineData("Range", "nonsense")]
    public void ToBackend_OfTheMessage_PassesAsItIs(string name, string value) =>
        Assert.Equal([$"{name}: {value}"], ToBackend((name, value)));

    [Fact]
    public void ToBackend_SeveralValues_StaySeveral() =>
        Assert.Equal(["X-Many: a", "X-Many: b, c"], ToBackend(("X-Many", "a"), ("X-Many", "b, c")));

    [Fact]
    public void ToBackend_NamedByConnection_StaysHere() =>
        Assert.Equal(
            ["X-Kept: 3"],
            ToBackend(
                ("Connection", "close, X-Private"),
                ("Connection", " x-other "),
                ("X-Private", "1"),
                ("X-Other", "2"),
                ("X-Kept", "3")));

    [Fact]
    public void ToBackend_Trailers_AreStillWelcome()
    {
        Assert.Equal(["TE: trailers"], ToBackend(("TE", "gzip, trailers;q=1")));
        Assert.Empty(ToBackend(("TE", "gzip")));
    }

    [Fact]
    public void ToBackend_PseudoHeaders_StayHere() => Assert.Empty(ToBackend((":authority", "x")));

    [Theory]
    [InlineData("Connection", "keep-alive")]
    [InlineData("Keep-Alive", "timeout=5, max=100")]
    [InlineData("Proxy-Authenticate", "Basic")]
    [InlineData("Upgrade", "h2c")]
    [InlineData("Trailer", "X-Checksum")]
    public void ToClient_OfTheConnection_StaysHere(string name, string value) => Assert.Empty(ToClient((name, value)));

    [Theory]
    [InlineData("Server", "llama.cpp")]
    [InlineData("Access-Control-Allow-Origin", "*")]
    [InlineData("Content-Type", "text/event-stream")]
    [InlineData("Content-Type", "odd value")]
    [InlineData("Content-Length", "12")]
    [InlineData("Content-Encoding", "gzip")]
    [InlineData("Date", "yesterday")]
    [InlineData("Retry-After", "soon")]
    [InlineData("WWW-Authenticate", "Bearer")]
    [InlineData("X-Accel-Buffering", "no")]
    public void ToClient_OfTheMessage_PassesAsItIs(string name, string value) =>
        Assert.Equal([$"{name}: {value}"], ToClient((name, value)));

    [Fact]
    public void ToClient_SeveralValues_StaySeveral() =>
        Assert.Equal(
            ["Set-Cookie: a=1; Expires=Wed, 21 Oct 2026", "Set-Cookie: b=2"],
            ToClient(("Set-Cookie", "a=1; Expires=Wed, 21 Oct 2026"), ("Set-Cookie", "b=2")));

    [Fact]
    public void ToClient_NamedByConnection_StaysHere() =>
        Assert.Equal(["X-Kept: 3"], ToClient(("Connection", "X-Private, close"), ("X-Private", "1"), ("X-Kept", "3")));

    [Fact]
    public void ToClient_BothLengths_TheCountedOneGoes() =>
        Assert.Empty(ToClient(("Content-Length", "5"), ("Transfer-Encoding", "chunked")));

    private static List<string> ToBackend(params (string Name, string Value)[] headers)
    {
        var from = new DefaultHttpContext().Request;
        foreach (var (name, value) in headers)
            from.Headers.Append(name, value);
        using var to = new HttpRequestMessage { Content = new ByteArrayContent([]) };

        HeaderRules.CopyToBackend(from.Headers, to);

        return [.. Lines(to.Headers.NonValidated), .. Lines(to.Content.Headers.NonValidated)];
    }

    private static List<string> ToClient(params (string Name, string Value)[] headers)
    {
        using var from = new HttpResponseMessage { Content = new StreamContent(Stream.Null) };
        foreach (var (name, value) in headers)
        {
            if (!from.Headers.TryAddWithoutValidation(name, value))
                from.Content.Headers.TryAddWithoutValidation(name, value);
        }

        var to = new DefaultHttpContext().Response;
        HeaderRules.CopyToClient(from, to.Headers);
        return [.. to.Headers.SelectMany(h => h.Value.Select(v => $"{h.Key}: {v}"))];
    }

    private static IEnumerable<string> Lines(HttpHeadersNonValidated headers) =>
        headers.SelectMany(h => h.Value.Select(v => $"{h.Key}: {v}"));
}
