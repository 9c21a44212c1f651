using System.Net;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>A body arrives as it was sent, but for the edit; headers, methods and targets as a good proxy treats them.</summary>
public sealed class FakeRequestBytesTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Bodies => new()
    {
        { "numbers", """{"model":"m","messages":[{"role":"user","content":"numbers"}],"seed":9007199254740993"""
            + ""","big":123456789012345678901234567890,"x":1e400,"y":-1E-400,"z":1.10,"zero":-0.0}""" },
        { "unknown members",
            """{"zzz":{"b":1,"a":[true,null,{}]},"messages":[{"role":"user","name":"n","content":"unknown","x_y":[1,2]}],"mode"""
            + """l":"m","aaa":""}""" },
        { "escapes", """{"model":"m","messages":[{"role":"user","content":"\u0041\/\n\t\"\\ \u00e4 \ud83d\ude00 \u0000"}]}""" },
        { "duplicate keys",
            """{"model":"a","messages":[],"temperature":1,"messages":[{"role":"user","content":"no","content":"duplicate"}]"""
            + ""","temperature":2,"model":"b"}""" },
        { "white space", "{\n\t\"messages\" : [ {\r\n \"role\":\t\"user\" ,\"content\" : \"white\" } ]\n ,  \"model\":\"m\"\n}\n \n" },
        { "non-ASCII", """{"model":"ü","messages":[{"role":"user","content":"äöü ß 漢字 😀👩‍💻 \u2028"}],"ключ":"значение"}""" },
        { "parts", """{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"one"},{"text":"two","type":"tex"""
            + """t","cache_control":{"a":1e1}},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]}""" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Body_NothingToEdit_ArrivesByteForByte(string what, string body)
    {
        await using var stage = await FakeStage.StartAsync(output);

        var (_, first) = await stage.AskAsync(body);
        var cold = await stage.Backend.NextAsync("POST", "/v1/chat/completions").WaitAsync(FakeStage.Limit);
        var (_, response) = await stage.AskAsync(body);
        var hot = await stage.Backend.NextAsync("POST", "/v1/chat/completions").WaitAsync(FakeStage.Limit);

        Assert.Equal(("cold", "hot", what), (
            FakeStage.Header(first, "X-Bioproxy-Cache"), FakeStage.Header(response, "X-Bioproxy-Cache"), what));
        foreach (var (request, answer) in new[] { (cold, first), (hot, response) })
        {
            var pin = $"\"id_slot\":{FakeStage.Header(answer, "X-Bioproxy-Slot")},";
            Assert.Equal(body.Insert(body.IndexOf('{', StringComparison.Ordinal) + 1, pin), request.Text);
        }

        Assert.Empty(stage.Backend.Problems);
        foreach (var request in new[] { cold, hot })
            Assert.Equal(request.Body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture), request.Header("Content-Length"));
    }

    /// <summary>The fake cannot read these, a real server may: nobody asks the proxy.</summary>
    [Theory]
    [InlineData("""{"messages":[{"role":"system","content":"\ud83d lone \udc00"},{"role":"user","content":"surrogates"}]}""")]
    [InlineData("""{"messages":[{"role":"\ud83d","content":"a role"},{"role":"user","content":"x"}],"model":"\udfff","\ud83d":1}""")]
    [InlineData("""{"messages":[{"role":"user","content":"not an object behind"}]} x""")]
    [InlineData("""{"messages":[{"role":"user","content":"trailing comma"},],}""")]
    [InlineData("""{"messages":"no list","prompt":{},"n":"three","stream":7,"id_slot":null}""")]
    [InlineData("""{"messages":[null,1,"two",[3],{"role":7,"content":8},{"role":"user","content":[null,1,{"type":7,"text":8}]}]}""")]
    [InlineData("""[{"role":"user"}]""")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("no JSON at all")]
    [InlineData("{}")]
    [InlineData("")]
    public async Task Body_Strange_ArrivesByteForByte(string body)
    {
        await using var stage = await FakeStage.StartAsync(output, templates: ("@code", "Instructions.\n<<message>>"));

        using var response = await stage.SendAsync(body);

        var request = await stage.Backend.NextAsync("POST", "/v1/chat/completions").WaitAsync(FakeStage.Limit);
        Assert.Equal(body.Replace("\"id_slot\":null", "\"id_slot\":-1", StringComparison.Ordinal), FakeStage.WithoutPin(
            request.Text, response));
        Assert.NotEqual(HttpStatusCode.BadGateway, response.StatusCode);
        await stage.WaitUntilIdleAsync();
    }

    [Theory]
    [InlineData(
        """{ "big":1e400,"messages":[{"content":"@code say\n\"hi\" \ud83d\ude00","role":"user"}] , """
        + """ "seed":9007199254740993,"seed":1.0 }""",
        "say\n\"hi\" 😀")]
    [InlineData(
        """{"messages":[{"role":"system","content":"\u0041\/ 9007199254740993"},{"role":"user","content":"\u0040code  hello ä"}],"""
        + """ "n_ctx":1.10}""",
        "hello ä")]
    public async Task Body_WithPrefix_OnlyTheStringIsReplaced(string body, string message)
    {
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { CanSave = false }, templates: ("@code", "Be short.\t\"ü\"\n<<message>>\nEnd."));

        using var response = await stage.SendAsync(body);

        var text = (await stage.Backend.NextAsync("POST", "/v1/chat/completions").WaitAsync(FakeStage.Limit)).Text;
        text = FakeStage.WithoutPin(text, response);
        var start = body.IndexOf("\"@code", StringComparison.Ordinal) is >= 0 and var plain
            ? plain
            : body.IndexOf("\"\\u0040code", StringComparison.Ordinal);
        var end = body.IndexOf("\"}]", start, StringComparison.Ordinal) is >= 0 and var last
            && body[start..].StartsWith("\"\\u", StringComparison.Ordinal)
                ? last + 1
                : body.IndexOf("\",\"role", start, StringComparison.Ordinal) + 1;
        Assert.StartsWith(body[..start], text, StringComparison.Ordinal);
        Assert.EndsWith(body[end..], text, StringComparison.Ordinal);
        Assert.Equal($"Be short.\t\"ü\"\n{message}\nEnd.", (string)JsonNode.Parse(text[start..^(body.Length - end)])!);
        await stage.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task IdSlot_SentByTheClient_IsReplacedOnce()
    {
        await using var stage = await FakeStage.StartAsync(output);
        const string Body = """{"model":"m","id_slot" : 1 ,"messages":[{"role":"user","content":"where am I?"}]}""";

        var (_, response) = await stage.AskAsync(Body);
        Assert.Equal(Body.Replace("1 ,", $"{FakeStage.Header(response, "X-Bioproxy-Slot")} ,", StringComparison.Ordinal),
            stage.Chats[0].Text);
    }

    /// <summary>Where the backend is to choose, a client's own pin must not stand against it.</summary>
    [Fact]
    public async Task IdSlot_SentByTheClientWhereTheBackendChooses_IsTakenBack()
    {
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions { UnifiedKv = true });
        const string Body = """{"model":"m","id_slot" : 1 ,"messages":[{"role":"user","content":"where am I?"}]}""";

        var (_, response) = await stage.AskAsync(Body);

        Assert.Equal("auto", FakeStage.Header(response, "X-Bioproxy-Slot"));
        Assert.Equal(Body.Replace("1 ,", "-1 ,", StringComparison.Ordinal), stage.Chats[0].Text);
    }

    [Fact]
    public async Task IdSlot_PathThatIgnoresIt_IsNotInserted()
    {
        await using var stage = await FakeStage.StartAsync(output);
        const string Body = """{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"a message"}]}""";

        await stage.AskAsync(Body, "/v1/messages");
        await stage.AskAsync(Body, "/v1/messages");

        Assert.All(stage.Backend.Requests.Where(r => r.Path == "/v1/messages"), r => Assert.Equal(Body, r.Text));
    }

    [Fact]
    public async Task Body_SentInChunksAfterContinue_ArrivesWithItsLength()
    {
        await using var stage = await FakeStage.StartAsync(output);
        var body = FakeStage.Chat("in chunks");
        await using var client = await FakeRawClient.ConnectAsync(stage.App.ProxyAddress);

        await client.SendAsync(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\nContent-Type: application/json\r\n"
            + "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
        await client.ReadUntilAsync("HTTP/1.1 100 Continue\r\n\r\n");
        foreach (var piece in body.Chunk(7))
            await client.SendAsync($"{piece.Length:x}\r\n{new string(piece)}\r\n");
        await client.SendAsync("0\r\n\r\n");
        var request = await stage.Backend.NextAsync("POST", "/v1/chat/completions").WaitAsync(FakeStage.Limit);
        await client.ReadToEndAsync();

        Assert.EndsWith(body[1..], request.Text, StringComparison.Ordinal); // behind the pin
        Assert.Equal(request.Text.Length.ToString(System.Globalization.CultureInfo.InvariantCulture), request.Header("Content-Length"));
        Assert.Null(request.Header("Transfer-Encoding"));
        Assert.Null(request.Header("Expect"));
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/tokenize")]
    public async Task Headers_OfAllKinds_PassAsTheyShould(string path)
    {
        await using var backend = FakeRawBackend.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress);
        const string Headers =
            "Authorization: Bearer s3cr3t==\r\nX-Dup: a\r\nX-Dup: b, c\r\nX-Empty:\r\nx-unknown_Name: \"v\";q=0.1\r\nAccept: "
            + "text/event-stream\r\nUser-Agent: odd (agent) /7\r\nCookie: a=1; b=2\r\n"
            + "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nIf-None-Match: W/\"x\"\r\nReferer: not a url\r\n"
            + "X-Forwarded-For: 10.0.0.1\r\n"
            + "Connection: X-Hop, keep-alive\r\nX-Hop: secret\r\nKeep-Alive: timeout=1\r\nProxy-Authorization: Basic x\r\n"
            + "Proxy-Connection: keep-alive\r\nUpgrade: h2c\r\nTE: trailers, deflate\r\n";

        var response = await FakeRawClient.AskAsync(stage.App.ProxyAddress, FakeRawClient.Post("""{"content":"x"}""", Headers, path));

        Assert.Equal(200, response.Status);
        var request = Assert.Single(backend.Exchanges);
        Assert.Equal(["Bearer s3cr3t=="], request.Values("Authorization"));
        Assert.Equal("a, b, c", string.Join(", ", request.Values("X-Dup")));
        Assert.Equal([""], request.Values("X-Empty"));
        Assert.Equal(["\"v\";q=0.1"], request.Values("x-unknown_Name"));
        Assert.Equal(["text/event-stream"], request.Values("Accept"));
        Assert.Equal("odd (agent) /7", string.Join(' ', request.Values("User-Agent")));
        Assert.Equal(["a=1; b=2"], request.Values("Cookie"));
        Assert.Equal(["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"], request.Values("traceparent"));
        Assert.Equal(["W/\"x\""], request.Values("If-None-Match"));
        Assert.Equal(["not a url"], request.Values("Referer"));
        Assert.Equal(["application/json"], request.Values("Content-Type"));
        Assert.Equal([backend.BaseAddress.Authority], request.Values("Host"));
        Assert.Equal(["trailers"], request.Values("TE"));
        Assert.Equal(["15"], request.Values("Content-Length"));
        foreach (var hop in new[] { "X-Hop", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Upgrade", "Transfer-Encoding" })
            Assert.Empty(request.Values(hop));
        Assert.DoesNotContain(request.Values("Connection"), v => v.Contains("X-Hop", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>What a browser or a careless program may send: a value that is not ASCII.</summary>
    [Theory]
    [InlineData("/v1/chat/completions", "X-Title: caf\u00c3\u00a9")]
    [InlineData("/health", "X-Title: caf\u00c3\u00a9")]
    public async Task Headers_ValueInUtf8_PassesUnchanged(string path, string header)
    {
        await using var backend = FakeRawBackend.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress);

        var response = await FakeRawClient.AskAsync(stage.App.ProxyAddress, FakeRawClient.Post("{}", header + "\r\n", path));

        Assert.Equal((200, "{}"), (response.Status, response.Text));
        Assert.Equal(["caf\u00c3\u00a9"], Assert.Single(backend.Exchanges).Values("X-Title"));
    }

    [Theory]
    [InlineData("GET", "/v1/models?x=%2F%20+%zz&y=&&=;'\"")]
    [InlineData("GET", "/a%2Fb/%2e%2e/c%5cd//e;f=1/~%7E/(x)?q=%C3%BC")]
    [InlineData("GET", "/../x/./y/../z")]
    [InlineData("GET", "/%ff%fe?%ff")]
    [InlineData("DELETE", "/some/thing")]
    [InlineData("PATCH", "/v1/models/x")]
    [InlineData("PUT", "/x?")]
    [InlineData("OPTIONS", "/v1/chat/completions")]
    [InlineData("PROPFIND", "/dav")]
    [InlineData("GET", "/v1/chat/completions")]
    public async Task Target_OfAnyKind_PassesRaw(string method, string target)
    {
        await using var backend = FakeRawBackend.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress);

        var response = await FakeRawClient.AskAsync(
            stage.App.ProxyAddress, $"{method} {target} HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n");

        Assert.Equal(200, response.Status);
        var request = Assert.Single(backend.Exchanges);
        Assert.Equal((method, target), (request.Method, request.Target));
        Assert.Empty(request.Body);
    }

    [Theory]
    [InlineData("/tokenize", false)]
    [InlineData("/tokenize", true)]
    [InlineData("/some/upload", false)]
    [InlineData("/some/upload", true)]
    public async Task UngatedBody_WithLengthOrChunks_ArrivesTheSame(string path, bool isChunked)
    {
        await using var backend = FakeRawBackend.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress);
        var bytes = new byte[100_000];
        new Random(7).NextBytes(bytes);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(bytes) };
        request.Headers.TransferEncodingChunked = isChunked;

        using var response = await stage.Client.SendAsync(request).WaitAsync(FakeStage.Limit);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var arrived = Assert.Single(backend.Exchanges);
        Assert.Equal(bytes, arrived.Body);
        Assert.Equal(isChunked ? [] : ["100000"], arrived.Values("Content-Length"));
    }

    [Theory]
    [InlineData("/v1/chat/%63ompletions")]
    [InlineData("/v1/chat/completions?a=%20b")]
    public async Task GatedPath_WrittenOtherwise_IsGatedAndPassesRaw(string target)
    {
        await using var backend = FakeRawBackend.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress);

        var response = await FakeRawClient.AskAsync(stage.App.ProxyAddress, FakeRawClient.Post("{}", path: target));

        Assert.Equal(target, Assert.Single(backend.Exchanges).Target);
        Assert.Single(response.Values("X-Bioproxy-Request-Id"));
    }

    [Fact]
    public async Task Target_InAbsoluteForm_PassesAsPathAndQuery()
    {
        await using var backend = FakeRawBackend.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress);

        var response = await FakeRawClient.AskAsync(
            stage.App.ProxyAddress, "GET http://elsewhere:99/v1/models?x=%2F HTTP/1.1\r\nHost: elsewhere:99\r\nConnection: close\r\n\r\n");

        Assert.Equal(200, response.Status);
        var request = Assert.Single(backend.Exchanges);
        Assert.Equal("/v1/models?x=%2F", request.Target);
        Assert.Equal([backend.BaseAddress.Authority], request.Values("Host"));
    }
}
