using System.Net;
using System.Text;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>A misbehaving backend: nothing hangs, no truncated answer ends cleanly, and every lease is returned.</summary>
public sealed class FakeFailureTests(ITestOutputHelper output)
{
    private const string Chat = "/v1/chat/completions";

    [Theory]
    [InlineData(Chat)]
    [InlineData("/v1/models")]
    public async Task Request_BackendIsNotThere_Is502(string path)
    {
        await using var stage = await FakeStage.StartAsync(output);
        stage.Backend.Kill();

        using var response = path == Chat
            ? await stage.SendAsync(FakeStage.Chat("anybody?"))
            : await stage.Client.GetAsync(new Uri(path, UriKind.Relative)).WaitAsync(FakeStage.Limit);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        await FakeResponseBytesTests.AssertOwnErrorAsync(response, "backend_unreachable", "server_error", "backend_url");
        await stage.WaitUntilIdleAsync();
        stage.Backend.Restart();
        await stage.WaitUntilKnownAsync();
        await stage.AssertServesAsync();
    }

    [Theory]
    [InlineData(nameof(FakeWire.CloseBeforeAnyByte), false)]
    [InlineData(nameof(FakeWire.CloseBeforeAnyByte), true)]
    [InlineData(nameof(FakeWire.CloseInStatusLine), false)]
    [InlineData(nameof(FakeWire.CloseInStatusLine), true)]
    public async Task Request_FreshConnectionEndsBeforeTheAnswer_Is502AndNotAskedAgain(string wire, bool isReset)
    {
        await using var stage = await FakeStage.StartAsync(output);
        stage.Backend.Misbehave(Chat, new FakeMisbehaviour { Wire = Enum.Parse<FakeWire>(wire), IsReset = isReset });

        using var response = await stage.SendAsync(FakeStage.Chat("fresh"));

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        await FakeResponseBytesTests.AssertOwnErrorAsync(response, "backend_closed", "server_error");
        Assert.Equal(0, Assert.Single(stage.Chats).EarlierOnConnection);
        await stage.AssertServesAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_ReusedConnectionEndsBeforeTheAnswer_IsAskedOnceMore(bool isReset)
    {
        await using var stage = await FakeStage.StartAsync(output);
        await stage.AskAsync(FakeStage.Chat("opens the connection"));
        stage.Backend.Misbehave(Chat, new FakeMisbehaviour { Wire = FakeWire.CloseBeforeAnyByte, IsReset = isReset });

        await stage.AskAsync(FakeStage.Chat("again"));

        Assert.Equal(3, stage.Chats.Count);
        Assert.Equal((1, 0), (stage.Chats[1].EarlierOnConnection, stage.Chats[2].EarlierOnConnection));
        Assert.Contains("again", stage.Chats[2].Text, StringComparison.Ordinal);
        await stage.AssertServesAsync();
    }

    [Fact]
    public async Task Request_BothConnectionsEndBeforeTheAnswer_Is502AfterTwo()
    {
        await using var stage = await FakeStage.StartAsync(output);
        await stage.AskAsync(FakeStage.Chat("opens the connection"));
        stage.Backend.Misbehave(Chat, FakeMisbehaviour.Of(FakeWire.CloseBeforeAnyByte));
        stage.Backend.Misbehave(Chat, FakeMisbehaviour.Of(FakeWire.CloseBeforeAnyByte));

        using var response = await stage.SendAsync(FakeStage.Chat("again"));

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal(3, stage.Chats.Count);
        await stage.AssertServesAsync();
    }

    /// <summary>An answer that has begun is an answer: the request was worked on, and is not repeated.</summary>
    [Fact]
    public async Task Request_ReusedConnectionEndsWithinTheStatusLine_IsNotAskedAgain()
    {
        await using var stage = await FakeStage.StartAsync(output);
        await stage.AskAsync(FakeStage.Chat("opens the connection"));
        stage.Backend.Misbehave(Chat, FakeMisbehaviour.Of(FakeWire.CloseInStatusLine));

        using var response = await stage.SendAsync(FakeStage.Chat("begun"));

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal(2, stage.Chats.Count);
        await stage.AssertServesAsync();
    }

    [Fact]
    public async Task Request_IdleConnectionWasClosed_IsAnsweredOnAnother()
    {
        await using var stage = await FakeStage.StartAsync(output);
        await stage.AskAsync(FakeStage.Chat("one"));
        stage.Backend.CloseIdleConnections();

        await stage.AskAsync(FakeStage.Chat("two"));
    }

    private static readonly Dictionary<string, FakeMisbehaviour> Breaks = new()
    {
        ["after the headers"] = new() { Wire = FakeWire.CloseAfterHeaders },
        ["after the headers, reset"] = new() { Wire = FakeWire.CloseAfterHeaders, IsReset = true },
        ["within the first chunk"] = new() { Wire = FakeWire.CloseMidChunk },
        ["within the first chunk, reset"] = new() { Wire = FakeWire.CloseMidChunk, IsReset = true },
        ["within a chunk"] = new() { Wire = FakeWire.CloseMidChunk, AfterChunks = 2 },
        ["within a chunk, reset"] = new() { Wire = FakeWire.CloseMidChunk, AfterChunks = 2, IsReset = true },
        ["between chunks"] = new() { Wire = FakeWire.CloseBetweenChunks, AfterChunks = 2 },
        ["between chunks, reset"] = new() { Wire = FakeWire.CloseBetweenChunks, AfterChunks = 2, IsReset = true },
        ["before the end"] = new() { Wire = FakeWire.ContentLengthTooLarge },
        ["before the end, reset"] = new() { Wire = FakeWire.ContentLengthTooLarge, IsReset = true },
        ["a chunk is longer than it says"] = new() { Wire = FakeWire.WrongChunkLength, Amount = -3 },
        ["a chunk is shorter than it says"] = new() { Wire = FakeWire.WrongChunkLength, Amount = 50_000 },
        ["a chunk's length is no number"] = new() { Wire = FakeWire.GarbageChunkLength },
        ["byte by byte, within a chunk"] = new() { Wire = FakeWire.CloseMidChunk, WriteSize = 1 },
    };

    /// <summary>All of them streamed, and the simplest ones also not streamed.</summary>
    public static TheoryData<string, bool> BreakNames
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var name in Breaks.Keys)
                data.Add(name, true);
            foreach (var name in new[] { "after the headers", "within the first chunk", "before the end" })
                data.Add(name, false);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(BreakNames))]
    public async Task Stream_BackendDies_ClientsConnectionBreaks(string when, bool isStream)
    {
        var script = Breaks[when];
        await using var stage = await FakeStage.StartAsync(output);
        var body = FakeStage.Chat($"dies {when}", isStream ? "\"stream\":true," : "");
        stage.Backend.Misbehave(Chat, script);
        var raw = await FakeRawClient.AskAsync(stage.App.ProxyAddress, FakeRawClient.Post(body));
        Assert.False(raw is { Status: 200, IsWhole: true }, $"a clean end with '{raw.Text}'");

        stage.Backend.Misbehave(Chat, script);
        await AssertBreaksAsync(stage, body);
        await stage.AssertServesAsync();
    }

    /// <summary>
    /// Either our error before any byte of the answer, or an exception: a broken connection may lose what was sent before.
    /// </summary>
    private static async Task AssertBreaksAsync(FakeStage stage, string body)
    {
        try
        {
            using var response = await stage.SendAsync(body);
            if (response.StatusCode == HttpStatusCode.BadGateway)
                await FakeResponseBytesTests.AssertOwnErrorAsync(response, "backend_closed", "server_error");
            else
                await Assert.ThrowsAnyAsync<HttpRequestException>(() => response.Content.ReadAsByteArrayAsync().WaitAsync(FakeStage.Limit));
        }
        catch (HttpRequestException)
        {
            // broken before its headers could be read
        }
    }

    [Fact]
    public async Task Answer_LongerThanItsLength_IsCutThere()
    {
        await using var stage = await FakeStage.StartAsync(output);
        stage.Backend.Misbehave(Chat, new FakeMisbehaviour { Wire = FakeWire.ContentLengthTooSmall, Amount = 10 });

        var response = await FakeRawClient.AskAsync(stage.App.ProxyAddress, FakeRawClient.Post(FakeStage.Chat("short")));

        Assert.True(response.IsWhole);
        await stage.AssertServesAsync();
    }

    /// <summary>Headers that describe a body that never came must not describe our error.</summary>
    [Fact]
    public async Task Answer_DiesBeforeItsBody_ErrorCarriesNoHeadersOfTheBackend()
    {
        await using var backend = FakeRawBackend.Answering(
            "HTTP/1.1 200 OK\r\nContent-Type: application/x-odd\r\nContent-Encoding: gzip\r\nContent-Length: 1000\r\nETag: \"e\"\r\n"
            + "Cache-Control: max-age=99\r\nConnection: close\r\n\r\n");
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress);

        var response = await FakeRawClient.AskAsync(stage.App.ProxyAddress, FakeRawClient.Post("{}"));

        Assert.Equal((502, true), (response.Status, response.IsWhole));
        Assert.Equal(["application/json"], response.Values("Content-Type"));
        Assert.Empty(response.Values("Content-Encoding"));
        Assert.Empty(response.Values("ETag"));
        Assert.Empty(response.Values("Cache-Control"));
        Assert.Single(response.Values("X-Bioproxy-Request-Id"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Answer_ByteByByte_ArrivesTheSame(bool isStream)
    {
        await using var stage = await FakeStage.StartAsync(output);
        var body = FakeStage.Chat("slowly", isStream ? "\"stream\":true," : "");
        stage.Backend.Misbehave(Chat, FakeMisbehaviour.OneByteWrites());

        var (text, _) = await stage.AskAsync(body);

        if (isStream)
            Assert.EndsWith("data: [DONE]\n\n", text, StringComparison.Ordinal);
        else
            Assert.EndsWith("}", text, StringComparison.Ordinal);
        await stage.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Backend_StopsSending_IsCutOffAfterResponseTimeout()
    {
        await using var backend = new FakeRawBackend(async exchange =>
        {
            await exchange.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            await exchange.ChunkAsync("data: 1\n\n"u8.ToArray());
            await exchange.Left;
        });
        await using var stage = await FakeStage.StartAsync(
            output, backend.BaseAddress, o => o with { ResponseTimeout = TimeSpan.FromMilliseconds(300) });

        var response = await FakeRawClient.AskAsync(stage.App.ProxyAddress, FakeRawClient.Post("{\"stream\":true}"));

        Assert.Equal((200, "data: 1\n\n", false), (response.Status, response.Text, response.IsWhole));
        await stage.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Backend_NeverAnswers_Is504AfterResponseTimeout()
    {
        await using var backend = new FakeRawBackend(exchange => exchange.Left);
        await using var stage = await FakeStage.StartAsync(
            output, backend.BaseAddress, o => o with { ResponseTimeout = TimeSpan.FromMilliseconds(300) });

        using var response = await stage.SendAsync(FakeStage.Chat("hello?"));

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        await FakeResponseBytesTests.AssertOwnErrorAsync(response, "backend_timeout", "server_error", "timeouts.response_seconds");
        await stage.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Stream_HeadersAreThere_ClientHasThemBeforeTheFirstEvent()
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var backend = new FakeRawBackend(async exchange =>
        {
            await exchange.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            await Task.WhenAny(go.Task, exchange.Left);
            await exchange.ChunkAsync("data: 1\n\n"u8.ToArray());
            await exchange.WriteAsync("0\r\n\r\n");
        });
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress);

        using var response = await stage.SendAsync(FakeStage.Chat("headers", "\"stream\":true,"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        go.SetResult();

        Assert.Equal("data: 1\n\n", await response.Content.ReadAsStringAsync().WaitAsync(FakeStage.Limit));
    }

    /// <summary>The backend sends an event only when the client has received the previous one.</summary>
    [Fact]
    public async Task Stream_EachEvent_ArrivesBeforeTheNextIsMade()
    {
        const int Events = 6;
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions { AnswerTokens = Events });
        var gates = Enumerable.Range(1, Events).Select(n => stage.Backend.HoldGeneration(r => r.Path == Chat, afterChunks: n)).ToList();

        using var response = await stage.SendAsync(FakeStage.Chat("one by one", "\"stream\":true,\"return_progress\":false,"));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync().WaitAsync(FakeStage.Limit), Encoding.UTF8);
        for (var i = 0; i < Events; i++)
        {
            string? line;
            while ((line = await reader.ReadLineAsync().WaitAsync(FakeStage.Limit)) is "")
            {
                // the line between two events
            }

            Assert.StartsWith("data: ", line, StringComparison.Ordinal);
            gates[i].Release();
        }

        Assert.EndsWith("data: [DONE]\n\n", await reader.ReadToEndAsync().WaitAsync(FakeStage.Limit), StringComparison.Ordinal);
        await stage.WaitUntilIdleAsync();
    }
}
