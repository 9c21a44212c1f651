using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using System.Text.RegularExpressions;
using Bioproxy.Doubles;
using OpenAI;
using OpenAI.Chat;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>The official OpenAI client through the proxy: its requests arrive byte for byte, and it can read the answers.</summary>
public sealed partial class OpenAiTests(ITestOutputHelper output)
{
    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool("weather", "The weather at a place.", BinaryData.FromString(
        """{"type":"object","properties":{"place":{"type":"string"}},"required":["place"]}"""));

    [Fact]
    public async Task Chat_NotStreaming_GetsThroughUnchanged()
    {
        await using var stage = await FakeStage.StartAsync(output);
        var (client, sent) = NewClient(stage.App.ProxyAddress);

        var answer = (await client.CompleteChatAsync([new SystemChatMessage("Be short. äöü 😀"),
            new UserChatMessage("Hello \"there\" <>&+'")],
                new ChatCompletionOptions { MaxOutputTokenCount = 3, Temperature = 0.1f }).WaitAsync(FakeStage.Limit)).Value;

        Assert.Equal(3, answer.Content[0].Text.Length);
        Assert.Equal(3, answer.Usage.OutputTokenCount);
        AssertUnchanged(stage, sent);
    }

    [Fact]
    public async Task Chat_Streaming_GetsThroughUnchanged()
    {
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions { AnswerTokens = 5 });
        var (client, sent) = NewClient(stage.App.ProxyAddress);

        var text = await StreamAsync(client, [new UserChatMessage("Hello")]);

        Assert.Equal(5, text.Length);
        AssertUnchanged(stage, sent);
    }

    [Fact]
    public async Task Chat_ToolCallsAndTheirAnswers_GetThroughUnchanged()
    {
        await using var stage = await FakeStage.StartAsync(output);
        var (client, sent) = NewClient(stage.App.ProxyAddress);
        var call = ChatToolCall.CreateFunctionToolCall(
            "call_1", "weather", BinaryData.FromString("""{"place":"Köln","seed":9007199254740993}"""));
        var options = new ChatCompletionOptions
        {
            Tools = { Weather },
            ToolChoice = ChatToolChoice.CreateAutoChoice(),
            AllowParallelToolCalls = false,
        };
        List<ChatMessage> messages = [new UserChatMessage("What is the weather?")];
        await client.CompleteChatAsync(messages, options).WaitAsync(FakeStage.Limit);
        messages.AddRange([new AssistantChatMessage([call]), new ToolChatMessage("call_1", """{"sky":"grey"}""")]);

        await client.CompleteChatAsync(messages, options).WaitAsync(FakeStage.Limit);

        AssertUnchanged(stage, sent);
    }

    /// <summary>The fake never calls a tool: a scripted answer does.</summary>
    [Fact]
    public async Task Chat_AnswerWithToolCall_IsReadByTheClient()
    {
        await using var stage = await FakeStage.StartAsync(output);
        var (client, _) = NewClient(stage.App.ProxyAddress);
        stage.Backend.Misbehave("/v1/chat/completions", new FakeMisbehaviour
        {
            Body = """{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"tool_call"""
                + """s","message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_7","type":"functio"""
                + """n","function":{"name":"weather","arguments":"{\"place\":\"Köln\"}"}}]}}],"usage":{"prompt_tokens":1"""
                + ""","completion_tokens":1,"total_tokens":2}}""",
            ChunkSize = 5,
        });

        var answer = (await client.CompleteChatAsync([new UserChatMessage("What is the weather?")],
            new ChatCompletionOptions { Tools = { Weather } }).WaitAsync(FakeStage.Limit)).Value;

        Assert.Equal(ChatFinishReason.ToolCalls, answer.FinishReason);
        var call = Assert.Single(answer.ToolCalls);
        Assert.Equal(("call_7", "weather", """{"place":"Köln"}"""), (call.Id, call.FunctionName, call.FunctionArguments.ToString()));
    }

    [Fact]
    public async Task Chat_ContentParts_GetThroughUnchanged()
    {
        await using var stage = await FakeStage.StartAsync(output);
        var (client, sent) = NewClient(stage.App.ProxyAddress);
        var image = BinaryData.FromBytes(new byte[] { 0x89, 0x50, 0x4E, 0x47 });

        await client.CompleteChatAsync([new UserChatMessage(ChatMessageContentPart.CreateTextPart("What is this? ä"),
            ChatMessageContentPart.CreateImagePart(image, "image/png", ChatImageDetailLevel.Low),
                ChatMessageContentPart.CreateTextPart("@code is not at the beginning"))]).WaitAsync(FakeStage.Limit);

        AssertUnchanged(stage, sent);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Chat_WithPrefix_TextAndFirstPartAreExpanded(bool isParts)
    {
        await using var stage = await FakeStage.StartAsync(output, templates: ("@code", "Write good code.\n<<message>>\nThank you."));
        var (client, _) = NewClient(stage.App.ProxyAddress);
        ChatMessage message = isParts
            ? new UserChatMessage(ChatMessageContentPart.CreateTextPart("@code reverse"),
                ChatMessageContentPart.CreateTextPart("@code stays")) : new UserChatMessage("@code reverse");

        await client.CompleteChatAsync([message]).WaitAsync(FakeStage.Limit);

        var content = Assert.Single(stage.Chats).Json["messages"]![0]!["content"]!;
        Assert.Equal("Write good code.\nreverse\nThank you.", (string)(isParts ? content[0]!["text"] : content)!);
        if (isParts)
            Assert.Equal("@code stays", (string)content[1]!["text"]!);
    }

    /// <summary>The client shows the proxy's message.</summary>
    [Fact]
    public async Task Chat_BackendIsNotThere_ClientShowsTheMessage()
    {
        await using var stage = await FakeStage.StartAsync(output);
        var (client, _) = NewClient(stage.App.ProxyAddress);
        stage.Backend.Kill();

        var exception = await Assert.ThrowsAsync<ClientResultException>(
            () => client.CompleteChatAsync([new UserChatMessage("anybody?")]).WaitAsync(FakeStage.Limit));

        Assert.Equal(502, exception.Status);
        Assert.Contains("cannot be reached", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_WithPrefixOnARealServer_StreamsAnAnswer()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 2));
        await using var stage = await FakeStage.StartAsync(output, server.BaseAddress, templates: ("@code", TemplateText.Of(1, 600)));
        await stage.WaitUntilWarmAsync("@code");
        await stage.WaitUntilIdleAsync();
        var (client, _) = NewClient(stage.App.ProxyAddress);

        var streamed = await StreamAsync(client, [new UserChatMessage("@code How do I reverse a string?")]);
        var whole = (await client.CompleteChatAsync([new UserChatMessage("@code How do I reverse a list?")],
            new ChatCompletionOptions { MaxOutputTokenCount = 5 }).WaitAsync(FakeStage.Limit)).Value;

        Assert.NotEmpty(streamed);
        Assert.InRange(
            whole.Usage.InputTokenDetails.CachedTokenCount, stage.Template("@code").CacheableTokens, whole.Usage.InputTokenCount);
    }

    private static async Task<string> StreamAsync(ChatClient client, ChatMessage[] messages)
    {
        var text = new StringBuilder();
        await foreach (var update in client.CompleteChatStreamingAsync(messages, new ChatCompletionOptions { MaxOutputTokenCount = 5 }))
        {
            foreach (var part in update.ContentUpdate)
                text.Append(part.Text);
        }

        return text.ToString();
    }

    private static void AssertUnchanged(FakeStage stage, SentBodies sent)
    {
        Assert.NotEmpty(sent.Bodies);
        Assert.Equal(sent.Bodies.Select(Encoding.UTF8.GetString), stage.Chats.Select(r => Pin().Replace(r.Text, "{")));
        Assert.All(stage.Chats, r => Assert.Equal("Bearer sk-test", r.Header("Authorization")));
        Assert.All(stage.Chats, r => Assert.Contains("OpenAI", r.Header("User-Agent"), StringComparison.Ordinal));
        Assert.Empty(stage.Backend.Problems);
    }

    /// <summary>
    /// What the proxy adds to a request: its slot where that is known, and in a stream the request for progress, which it filters out of
    /// the answer.
    /// </summary>
    [GeneratedRegex("^{(\"id_slot\":[0-9]+,)?(\"return_progress\":true,)?")]
    private static partial Regex Pin();

    private static (ChatClient Client, SentBodies Sent) NewClient(Uri proxy)
    {
        var sent = new SentBodies();
        var options = new OpenAIClientOptions
        {
            Endpoint = new Uri(proxy, "/v1"),
            RetryPolicy = new ClientRetryPolicy(0),
            NetworkTimeout = TimeSpan.FromSeconds(30),
        };
        options.AddPolicy(sent, PipelinePosition.BeforeTransport);
        return (new ChatClient("m", new ApiKeyCredential("sk-test"), options), sent);
    }

    /// <summary>Keeps what the client really sends.</summary>
    private sealed class SentBodies : PipelinePolicy
    {
        public List<byte[]> Bodies { get; } = [];

        public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex) =>
            throw new NotSupportedException();

        public override async ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            using var body = new MemoryStream();
            await message.Request.Content!.WriteToAsync(body);
            Bodies.Add(body.ToArray());
            await ProcessNextAsync(message, pipeline, currentIndex);
        }
    }
}
