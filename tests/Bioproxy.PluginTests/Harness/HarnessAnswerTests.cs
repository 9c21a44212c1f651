using Bioproxy.Abstractions;
using Bioproxy.Testing;

namespace Bioproxy.PluginTests.Harness;

public sealed class HarnessAnswerTests
{
    private const string Answer = "Zwölf 🐻 sagen \"hi\".";

    [Theory]
    [InlineData(
        "/v1/chat/completions",
        """{"messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"q"}]}]""")]
    [InlineData("/v1/completions", """{"prompt":"q" """)]
    [InlineData("/completion", """{"prompt":"q" """)]
    [InlineData("/v1/responses", """{"input":"q" """)]
    [InlineData("/v1/messages", """{"system":"s","messages":[{"role":"user","content":"q"}]""")]
    public async Task Text_AnyEndpointWholeAndStream_ClientReadsItsText(string path, string body)
    {
        await using var host = await PluginHarness.StartAsync(new()
        {
            Plugins = [Fixture.Of("Versioned1")],
            Answer = static _ => HarnessAnswer.Text(Answer, chunkSize: 1)
        });

        var whole = await host.SendAsync($$"""{{body}},"stream":false}""", path);
        var stream = await host.SendAsync($$"""{{body}},"stream":true}""", path);

        Assert.Equal((200, false, $"{Answer} [out v1]"), (whole.Status, whole.IsStream, whole.Text));
        Assert.Equal((200, true, $"{Answer} [out v1]"), (stream.Status, stream.IsStream, stream.Text));
        Assert.All([whole, stream], result => Assert.Equal("q [in v1]", Assert.Single(result.Backend).Messages[^1].Text));
        Assert.Contains("🐻", stream.Pieces);
        Assert.False(whole.Backend[0].IsStream);
        Assert.True(stream.Backend[0].IsStream);
        Assert.Equal(path, stream.Backend[0].Path);
    }

    [Fact]
    public async Task Pieces_InAStream_ArriveOneAnEvent()
    {
        await using var host = await PluginHarness.StartAsync(new() { Answer = static _ => HarnessAnswer.Pieces("one ", "two ", "three") });

        var stream = await host.ChatAsync("hi", stream: true);
        var whole = await host.ChatAsync("hi");

        Assert.Equal(["one ", "two ", "three"], stream.Pieces);
        Assert.Equal(["one two three"], whole.Pieces);
    }

    [Fact]
    public async Task Events_ToolCallAndReasoning_AreOtherTexts()
    {
        await using var host = await PluginHarness.StartAsync(new()
        {
            Answer = static _ => HarnessAnswer.Events(
                """{"choices":[{"index":0,"delta":{"reasoning_content":"Let me see."}}]}""",
                """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a\""}}]}}]}""",
                """{"choices":[{"index":0,"delta":"""
                + """{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]},"finish_reason":"tool_calls"}]}""",
                "[DONE]"),
        });

        var result = await host.ChatAsync("hi", stream: true);

        Assert.Equal("", result.Text);
        Assert.Equal("Let me see.", result.TextOf(new(ResponseTextKind.Reasoning, 0)));
        Assert.Equal("""{"a":1}""", result.TextOf(new(ResponseTextKind.ToolArguments, 0)));
        Assert.EndsWith("data: [DONE]\n\n", result.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JsonAndError_PassAsTheyAre()
    {
        await using var host = await PluginHarness.StartAsync(new()
        {
            Answer = static request => request.Path == "/v1/embeddings"
                ? HarnessAnswer.Json("""{"data":[1, 2]}""")
                : HarnessAnswer.Error(503, "loading"),
        });

        var embeddings = await host.SendAsync("""{"input":"x"}""", "/v1/embeddings");
        var failed = await host.ChatAsync("hi");

        Assert.Equal("""{"data":[1, 2]}""", embeddings.Body);
        Assert.Equal("application/json; charset=utf-8", embeddings.Headers["content-type"]);
        Assert.Equal((503, "loading"), (failed.Status, failed.Error));
        Assert.Null(embeddings.Error);
    }

    [Fact]
    public async Task Cut_Stream_IsNotComplete()
    {
        await using var host = await PluginHarness.StartAsync(new() { Answer = static _ => HarnessAnswer.Cut("half ", "an ") });

        var stream = await host.ChatAsync("hi", stream: true);
        var whole = await host.ChatAsync("hi");

        Assert.False(stream.IsComplete, stream.Body);
        Assert.StartsWith(stream.Text, "half an ", StringComparison.Ordinal); // what was on its way may be lost
        Assert.Equal(502, whole.Status);
        Assert.NotNull(whole.Error);
    }

    [Fact]
    public async Task Request_HeadersAndBody_AreAsSent()
    {
        await using var host = await PluginHarness.StartAsync(new());
        const string Body = """{ "big": 12345678901234567890123, "messages": [ {"role":"user","content":"é"} ] }""";

        var result = await host.SendAsync(Body, headers: [new("Authorization", "Bearer k"), new("X-Mine", "1")]);

        var request = Assert.Single(result.Backend);
        Assert.Equal(Body, request.Body);
        Assert.Equal("é", (string?)request.Json["messages"]![0]!["content"]);
        Assert.Equal("Bearer k", request.Headers["authorization"]);
        Assert.Equal("1", request.Headers["X-Mine"]);
        Assert.DoesNotContain(request.Headers.Keys, name => name.Contains("Harness", StringComparison.OrdinalIgnoreCase));
        Assert.Contains("X-Bioproxy-Request-Id", result.Headers.Keys);
    }
}
