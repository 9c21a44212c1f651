using System.Net;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using OllamaSharp;
using OllamaSharp.Models.Chat;
using OllamaSharp.Models.Exceptions;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Ollama clients in front of a fake backend: what a tiny model cannot do, and what only a fake can show.</summary>
public sealed class FakeOllamaTests(ITestOutputHelper output)
{
    private const string Weather = """{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":"""
        + """{"place":{"type":"string"}}}}}""";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Chat_AnswerWithToolCall_IsReadByTheClient(bool isStream)
    {
        await using var stage = await FakeStage.StartAsync(output);
        using var client = new OllamaApiClient(stage.App.ProxyAddress, "m");
        stage.Backend.Misbehave("/v1/chat/completions", new FakeMisbehaviour
        {
            Body = """{"model":"m","choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":null,"""
                + "\"" + """tool_calls":[{"id":"call_7","type":"function","function":{"name":"weather","""
                + "\"" + """arguments":"{\"place\":\"Köln\"}"}}]}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}""",
            ChunkSize = 5,
        });

        var request = new ChatRequest
        {
            Model = "m",
            Messages = [new Message(ChatRole.User, "What is the weather?")],
            Tools = [JsonNode.Parse(Weather)!],
            Stream = isStream,
        };
        var answer = await LastAsync(client.ChatAsync(request));

        var call = Assert.Single(answer.Message.ToolCalls!);
        Assert.Equal(("call_7", "weather"), (call.Id, call.Function!.Name));
        Assert.Equal("Köln", call.Function.Arguments!["place"]!.ToString());
        Assert.Equal(Weather, Assert.Single(stage.Chats).Json["tools"]![0]!.ToJsonString());
    }

    [Fact]
    public async Task Chat_ImagesAndToolResults_ArriveInLlamaServersForm()
    {
        await using var stage = await FakeStage.StartAsync(output);
        using var client = new OllamaApiClient(stage.App.ProxyAddress, "m");
        var request = new ChatRequest
        {
            Model = "m",
            Messages =
            [
                new Message(ChatRole.User, "Look", ["iVBORw0KGgo="]),
                new Message(ChatRole.Assistant, "")
                {
                    ToolCalls =
                        [new() { Function = new() { Name = "weather", Arguments = new Dictionary<string, object?> { ["n"] = 1 } } }],
                },
                new Message(ChatRole.Tool, "grey") { ToolName = "weather" },
            ],
            Think = false,
        };

        await LastAsync(client.ChatAsync(request));

        var body = Assert.Single(stage.Chats).Json;
        Assert.Equal(
            """[{"type":"text","text":"Look"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]""",
            body["messages"]![0]!["content"]!.ToJsonString());
        Assert.Equal("call_0", (string?)body["messages"]![2]!["tool_call_id"]);
        Assert.False((bool)body["chat_template_kwargs"]!["enable_thinking"]!);
    }

    [Theory]
    [InlineData("/api/chat", """{"messages":[{"role":"user","content":"@code reverse"}],"stream":false}""")]
    [InlineData("/api/generate", """{"prompt":"@code reverse","stream":false}""")]
    public async Task Trigger_InEitherCall_IsExpanded(string path, string body)
    {
        await using var stage = await FakeStage.StartAsync(output, templates: ("@code", "Write good code.\n<<message>>"));

        await stage.AskAsync(body, path);

        Assert.Equal("Write good code.\nreverse", (string?)stage.Chats[^1].Json["messages"]![0]!["content"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Handler_OfAPlugin_AnswersInOllamasForm(bool isStream)
    {
        using var folder = new PluginFolder();
        folder.Fixture("Handler");
        await using var stage = await FakeStage.StartAsync(
            output, change: o => o with { PluginDirectories = [HostOutput.Plugins, folder.Root] });
        using var client = new OllamaApiClient(stage.App.ProxyAddress, "m");
        var request = new ChatRequest { Model = "m", Messages = [new Message(ChatRole.User, "/echo a b c")], Stream = isStream };

        var text = "";
        await foreach (var piece in client.ChatAsync(request))
            text += piece!.Message.Content;

        Assert.Equal("a b c", text);
        Assert.Empty(stage.Chats);
    }

    [Fact]
    public async Task Queue_IsFull_IsAnErrorThatTheClientReads()
    {
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = 1 }, o => o with { QueueMaxWait = TimeSpan.FromMilliseconds(200) });
        using var gate = stage.Backend.HoldGeneration(r => r.Text.Contains("HOLDER", StringComparison.Ordinal));
        var holder = stage.AskAsync(FakeStage.Chat("HOLDER"));
        await gate.Reached.WaitAsync(FakeStage.Limit);

        using var response = await stage.SendAsync("""{"model":"m","messages":[{"role":"user","content":"Hi"}]}""", "/api/chat");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        var text = await response.Content.ReadAsStringAsync().WaitAsync(FakeStage.Limit);
        Assert.StartsWith("No slot became free", (string?)JsonNode.Parse(text)!["error"], StringComparison.Ordinal);
        gate.Release();
        await holder.WaitAsync(FakeStage.Limit);
    }

    /// <summary>NDJSON has no comments: a client that waits gets nothing, and its answer is nothing but lines.</summary>
    [Fact]
    public async Task Stream_ThatWaits_GetsNothingButItsLines()
    {
        await using var stage = await FakeStage.StartAsync(
            output, new FakeBackendOptions { Slots = 1 }, o => o with { QueueKeepAlive = TimeSpan.FromMilliseconds(20) });
        using var gate = stage.Backend.HoldGeneration(r => r.Text.Contains("HOLDER", StringComparison.Ordinal));
        var holder = stage.AskAsync(FakeStage.Chat("HOLDER"));
        await gate.Reached.WaitAsync(FakeStage.Limit);
        var waiting = stage.AskAsync("""{"model":"m","messages":[{"role":"user","content":"Hi"}]}""", "/api/chat");
        await stage.WaitForQueueAsync(q => q.InteractiveWaiting == 1, "it waits");
        gate.Release();
        await holder.WaitAsync(FakeStage.Limit);

        var (text, response) = await waiting.WaitAsync(FakeStage.Limit);

        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType!.MediaType);
        Assert.All(text.TrimEnd('\n').Split('\n'), line => Assert.NotNull(JsonNode.Parse(line)));
        Assert.NotNull(FakeStage.Header(response, "X-Bioproxy-Cache"));
    }

    [Fact]
    public async Task Error_OfTheBackend_IsThrownByTheClient()
    {
        await using var stage = await FakeStage.StartAsync(output);
        using var client = new OllamaApiClient(stage.App.ProxyAddress, "m");
        stage.Backend.Misbehave("/v1/chat/completions", FakeMisbehaviour.Answer(400, "the prompt is too long"));

        var thrown = await Assert.ThrowsAnyAsync<OllamaException>(() => LastAsync(
            client.ChatAsync(new ChatRequest { Model = "m", Messages = [new Message(ChatRole.User, "Hi")] })));

        Assert.Contains("the prompt is too long", thrown.Message, StringComparison.Ordinal);
    }

    private static async Task<ChatResponseStream> LastAsync(IAsyncEnumerable<ChatResponseStream?> answer)
    {
        ChatResponseStream? last = null;
        await foreach (var piece in answer)
            last = piece;
        return last!;
    }
}
