using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>An answer arrives as it was given: bytes, status, headers. The proxy's own errors look like those of the API.</summary>
public sealed class FakeResponseBytesTests(ITestOutputHelper output)
{
    private const string Stream =
        "data: {\"choices\":[{\"delta\":{\"content\":\"ä😀\"}}]}\r\n\r\n: comment\n\nevent: x\rdata: a\rdata:b\n\n\r\n\0data: "
        + "{\"n\":9007199254740993,\"x\":1e400}\n\ndata: [DONE]\n\nbehind the end";

    [Theory]
    [InlineData(1, "text/event-stream")]
    [InlineData(3, "text/event-stream; charset=utf-8")]
    [InlineData(1000, "text/event-stream")]
    [InlineData(2, "application/json")]
    public async Task Chunks_CutAnywhere_ArriveTheSame(int size, string contentType)
    {
        var bytes = (byte[])[.. Encoding.UTF8.GetBytes(Stream), 0xC3, 0xFF, 0x80]; // half a character at the end
        await using var backend = new FakeRawBackend(async exchange =>
        {
            await exchange.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Type: {contentType}\r\nTransfer-Encoding: chunked\r\n\r\n");
            foreach (var chunk in bytes.Chunk(size))
                await exchange.ChunkAsync(chunk);
            await exchange.WriteAsync("0\r\n\r\n");
        });
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress);

        var response = await FakeRawClient.AskAsync(stage.App.ProxyAddress, FakeRawClient.Post(FakeStage.Chat("cut", "\"stream\":true,")));

        Assert.True(response.IsWhole);
        Assert.Equal(bytes, response.Body);
        Assert.Equal([contentType], response.Values("Content-Type"));
        await stage.WaitUntilIdleAsync();
    }

    [Theory]
    [InlineData(200)]
    [InlineData(201)]
    [InlineData(299)]
    [InlineData(301)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(418)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(599)]
    public async Task Status_OfAnyKind_PassesWithItsBody(int status)
    {
        await using var backend = FakeRawBackend.Answering(
            $"HTTP/1.1 {status} Some Reason\r\nContent-Type: text/x-odd\r\nContent-Length: 6\r\nLocation: http://elsewhere/\r\n"
            + $"Retry-After: 7\r\nConnection: close\r\n\r\nodd\r\n!");
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress);

        foreach (var path in new[] { "/v1/chat/completions", "/other" })
        {
            var response = await FakeRawClient.AskAsync(stage.App.ProxyAddress, FakeRawClient.Post("{}", path: path));

            Assert.Equal((status, "odd\r\n!", true), (response.Status, response.Text, response.IsWhole));
            Assert.Equal(["6"], response.Values("Content-Length"));
            Assert.Equal(["text/x-odd"], response.Values("Content-Type"));
            Assert.Equal(["7"], response.Values("Retry-After"));
            Assert.Equal(["http://elsewhere/"], response.Values("Location"));
        }
    }

    [Theory]
    [InlineData(204)]
    [InlineData(304)]
    public async Task Status_WithoutBody_Passes(int status)
    {
        await using var backend = FakeRawBackend.Answering($"HTTP/1.1 {status} X\r\nETag: \"e\"\r\nConnection: close\r\n\r\n");
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress);

        var response = await FakeRawClient.AskAsync(stage.App.ProxyAddress, "GET /x HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n");

        Assert.Equal((status, 0, true), (response.Status, response.Body.Length, response.IsWhole));
        Assert.Equal(["\"e\""], response.Values("ETag"));
    }

    [Fact]
    public async Task Headers_OfAllKinds_PassAsTheyShould()
    {
        await using var backend = FakeRawBackend.Answering(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\nX-Unknown: \"x\", y\r\nServer: "
            + "llama.cpp\r\nAccess-Control-Allow-Origin: \r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
            + "Expires: -1\r\nWWW-Authenticate: Bearer\r\nContent-Language: de\r\nContent-Encoding: identity\r\nConnection: close, "
            + "X-Hop\r\nX-Hop: secret\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nX-Latin: caf\u00e9\r\n\r\n{}");
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress);

        foreach (var path in new[] { "/v1/chat/completions", "/other" })
        {
            var response = await FakeRawClient.AskAsync(stage.App.ProxyAddress, FakeRawClient.Post("{}", path: path));

            Assert.Equal((200, "{}", true), (response.Status, response.Text, response.IsWhole));
            Assert.Equal(["a=1; Path=/", "b=2"], response.Values("Set-Cookie"));
            Assert.Equal(["\"x\", y"], response.Values("X-Unknown"));
            Assert.Equal(["llama.cpp"], response.Values("Server"));
            Assert.All(response.Values("Access-Control-Allow-Origin"), Assert.Empty); // the listener leaves out what is empty
            Assert.Equal(["Thu, 01 Jan 1970 00:00:00 GMT"], response.Values("Date"));
            Assert.Equal(["-1"], response.Values("Expires"));
            Assert.Equal(["Bearer"], response.Values("WWW-Authenticate"));
            Assert.Equal(["de"], response.Values("Content-Language"));
            Assert.Equal(["identity"], response.Values("Content-Encoding"));
            Assert.Equal(["2"], response.Values("Content-Length"));
            Assert.Single(response.Values("X-Latin"));
            foreach (var hop in new[] { "X-Hop", "Keep-Alive", "Proxy-Authenticate" })
                Assert.Empty(response.Values(hop));
            Assert.DoesNotContain(response.Values("Connection"), v => v.Contains("X-Hop", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task Head_OfAPath_PassesHeadersAndNoBody()
    {
        await using var stage = await FakeStage.StartAsync(output);
        var whole = await stage.Backend.Client.GetByteArrayAsync(new Uri("/health", UriKind.Relative)).WaitAsync(FakeStage.Limit);
        await using var client = await FakeRawClient.ConnectAsync(stage.App.ProxyAddress);

        await client.SendAsync("HEAD /health HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n");
        var response = await client.ReadToEndAsync(isHead: true);

        Assert.Equal((200, 0), (response.Status, response.Body.Length));
        Assert.Equal([whole.Length.ToString(CultureInfo.InvariantCulture)], response.Values("Content-Length"));
        Assert.Contains(stage.Backend.Requests, r => r.Is("HEAD", "/health"));
    }

    /// <summary>Both lengths at once are an old way to smuggle: the chunks count.</summary>
    [Fact]
    public async Task Lengths_BothAtOnce_ChunksCount()
    {
        await using var stage = await FakeStage.StartAsync(output);
        stage.Backend.Misbehave("/v1/chat/completions", FakeMisbehaviour.Of(FakeWire.BothLengths));

        var response = await FakeRawClient.AskAsync(stage.App.ProxyAddress, FakeRawClient.Post(FakeStage.Chat("both")));

        Assert.True(response.IsWhole);
        Assert.NotNull(JsonNode.Parse(response.Text)!["choices"]);
        Assert.Empty(response.Values("Content-Length"));
    }

    [Fact]
    public async Task Answer_EndedByTheConnection_ArrivesWhole()
    {
        await using var stage = await FakeStage.StartAsync(output);
        stage.Backend.Misbehave("/v1/chat/completions", FakeMisbehaviour.Of(FakeWire.Http10));

        var (text, _) = await stage.AskAsync(FakeStage.Chat("old", "\"stream\":true,"));

        Assert.EndsWith("data: [DONE]\n\n", text, StringComparison.Ordinal);
        await stage.AssertServesAsync();
    }

    /// <summary>The listener has no trailers on HTTP/1.1: what is not sent is not promised either.</summary>
    [Fact]
    public async Task Trailers_OfAChunkedAnswer_AreLeftOutAndNotAnnounced()
    {
        await using var stage = await FakeStage.StartAsync(output);
        stage.Backend.Misbehave("/v1/chat/completions", new FakeMisbehaviour { Trailers = [("X-Checksum", "abc"), ("X-Other", "d")] });

        var response = await FakeRawClient.AskAsync(
            stage.App.ProxyAddress, FakeRawClient.Post(FakeStage.Chat("trailers", "\"stream\":true,"), "TE: trailers\r\n"));

        Assert.True(response.IsWhole);
        Assert.EndsWith("data: [DONE]\n\n", response.Text, StringComparison.Ordinal);
        Assert.Empty(response.Values("Trailer"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_OverTheLimit_Is413WithWords(bool isChunked)
    {
        await using var stage = await FakeStage.StartAsync(output, change: o => o with { MaxBodyBytes = 1000 });
        var body = FakeStage.Chat(new string('x', 5000));
        using var request = FakeStage.Post(body);
        request.Headers.TransferEncodingChunked = isChunked;

        using var response = await stage.Client.SendAsync(request).WaitAsync(FakeStage.Limit);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        await AssertOwnErrorAsync(response, "request_too_large", "invalid_request_error", "limits.max_body_bytes", "1000");
        Assert.Empty(stage.Chats);
        await stage.AssertServesAsync();
    }

    [Fact]
    public async Task Body_AsLargeAsTheLimit_Passes()
    {
        var body = FakeStage.Chat("exactly");
        await using var stage = await FakeStage.StartAsync(output, change: o => o with { MaxBodyBytes = body.Length });

        var (_, response) = await stage.AskAsync(body);

        Assert.Equal(body, FakeStage.WithoutPin(Assert.Single(stage.Chats).Text, response));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("identity, br")]
    public async Task Body_Encoded_Is415WithWords(string encoding)
    {
        await using var stage = await FakeStage.StartAsync(output);
        using var request = FakeStage.Post(FakeStage.Chat("zipped"));
        Assert.True(request.Content!.Headers.TryAddWithoutValidation("Content-Encoding", encoding));

        using var response = await stage.Client.SendAsync(request).WaitAsync(FakeStage.Limit);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        await AssertOwnErrorAsync(response, "unsupported_content_encoding", "invalid_request_error", encoding);
        Assert.Empty(stage.Chats);
    }

    [Fact]
    public async Task Headers_OfGatedRequests_TellWhatTheProxyDid()
    {
        await using var stage = await FakeStage.StartAsync(output);

        var (_, first) = await stage.AskAsync(FakeStage.Chat("hello there"));
        var (_, second) = await stage.AskAsync(FakeStage.Chat("hello there"));
        using var ungated = await stage.Client.GetAsync(new Uri("/health", UriKind.Relative)).WaitAsync(FakeStage.Limit);

        Assert.Equal("cold", FakeStage.Header(first, "X-Bioproxy-Cache"));
        Assert.Equal(stage.Chats[0].Slot?.ToString(CultureInfo.InvariantCulture), FakeStage.Header(first, "X-Bioproxy-Slot"));
        Assert.Equal("hot", FakeStage.Header(second, "X-Bioproxy-Cache"));
        Assert.Equal(stage.Chats[1].Slot?.ToString(CultureInfo.InvariantCulture), FakeStage.Header(second, "X-Bioproxy-Slot"));
        Assert.Matches("^[0-9]+$", FakeStage.Header(first, "X-Bioproxy-Queue-Ms"));
        Assert.NotEqual(FakeStage.Header(first, "X-Bioproxy-Request-Id"), FakeStage.Header(second, "X-Bioproxy-Request-Id"));
        Assert.DoesNotContain(ungated.Headers, h => h.Key.StartsWith("X-Bioproxy", StringComparison.OrdinalIgnoreCase));
    }

    internal static async Task AssertOwnErrorAsync(HttpResponseMessage response, string code, string type, params string[] words)
    {
        var text = await response.Content.ReadAsStringAsync().WaitAsync(FakeStage.Limit);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        var error = JsonNode.Parse(text)!["error"]!;
        Assert.Equal((code, type, "bioproxy"), ((string?)error["code"], (string?)error["type"], (string?)error["src"]));
        Assert.True(error.AsObject().ContainsKey("param"));
        Assert.Null(error["param"]);
        Assert.All(words, word => Assert.Contains(word, (string)error["message"]!, StringComparison.Ordinal));
    }
}
