using System.Text.Json;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using OllamaSharp;
using OllamaSharp.Models;
using OllamaSharp.Models.Chat;
using OllamaSharp.Models.Exceptions;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>A client library of Ollama's against a real llama-server.</summary>
public sealed class OllamaTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly RequestOptions Greedy = new() { Temperature = 0, NumPredict = 12, Seed = 1 };

    private readonly Workspace _workspace = new(output);

    public Task InitializeAsync()
    {
        _workspace.UseModel();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _workspace.DisposeAsync();

    [Fact]
    public async Task Chat_StreamedOrWhole_IsTheServersAnswer()
    {
        var (server, proxy) = await StartAsync();
        using var client = new OllamaApiClient(proxy.App.ProxyAddress, "tiny");
        var expected = await ContentAsync(server);

        foreach (var isStream in (bool[])[true, false])
        {
            var pieces = await ChatAsync(client, "Hello, how are you?", isStream);

            Assert.Equal(expected, string.Concat(pieces.Select(piece => piece.Message.Content)));
            Assert.True(isStream ? pieces.Count > 2 : pieces.Count == 1);
            var done = Assert.IsType<ChatDoneResponseStream>(pieces[^1]);
            Assert.Equal((12, "length", "tiny"), (done.EvalCount, done.DoneReason, done.Model));
            Assert.InRange(done.PromptEvalCount, 10, 100);
            Assert.InRange(done.EvalDuration, 1, done.TotalDuration);
            Assert.NotEqual(default, done.CreatedAt);
        }
    }

    [Fact]
    public async Task Chat_Conversation_ContinuesHot()
    {
        var (_, proxy) = await StartAsync();
        var cache = new List<string?>();
        using var http = new HttpClient(new CacheHeader(cache)) { BaseAddress = proxy.App.ProxyAddress };
        using var client = new OllamaApiClient(http, "tiny");
        var chat = new Chat(client, TemplateText.Of(3, 600)) { Options = Greedy };

        await foreach (var _ in chat.SendAsync("Who are you?"))
        {
        }

        await foreach (var _ in chat.SendAsync("And who am I?"))
        {
        }

        Assert.Equal(["cold", "hot"], cache);
    }

    [Fact]
    public async Task Chat_Format_IsObeyed()
    {
        var (_, proxy) = await StartAsync();
        using var client = new OllamaApiClient(proxy.App.ProxyAddress, "tiny");
        var request = new ChatRequest
        {
            Model = "tiny",
            Messages = [new Message(ChatRole.User, "Is it?")],
            Format = JsonNode.Parse("""{"type":"object","properties":{"yes":{"type":"boolean"}},"required":["yes"]}"""),
            Options = new RequestOptions { Temperature = 0, NumPredict = 200 },
            Stream = false,
        };

        var text = "";
        await foreach (var piece in client.ChatAsync(request))
            text += piece!.Message.Content;

        Assert.True(JsonNode.Parse(text)!["yes"]!.GetValueKind() is JsonValueKind.True or JsonValueKind.False);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Generate_RawOrNot_Answers(bool isRaw)
    {
        var (server, proxy) = await StartAsync();
        using var client = new OllamaApiClient(proxy.App.ProxyAddress, "tiny");
        var request = new GenerateRequest { Model = "tiny", Prompt = "Hello, how are you?", Raw = isRaw, Options = Greedy };

        var text = "";
        GenerateResponseStream? last = null;
        await foreach (var piece in client.GenerateAsync(request))
            text += (last = piece)!.Response;

        Assert.Equal(isRaw ? await RawAsync(server) : await ContentAsync(server), text);
        Assert.Equal(12, Assert.IsType<GenerateDoneResponseStream>(last).EvalCount);
    }

    [Fact]
    public async Task Embed_Texts_AreTheServersVectors()
    {
        var server = await _workspace.StartServerAsync(
            _workspace.ServerOptions(1) with { ExtraArguments = ["--embeddings", "--pooling", "mean"] });
        var proxy = await _workspace.StartProxyAsync(server);
        using var client = new OllamaApiClient(proxy.App.ProxyAddress, "tiny");

        var answer = await client.EmbedAsync(new EmbedRequest { Model = "tiny", Input = ["Hello", "there"] });
        var one = await PostAsync(proxy.Client, "/api/embeddings", """{"model":"tiny","prompt":"Hello"}""");

        Assert.Equal(2, answer.Embeddings.Count);
        Assert.Equal(256, answer.Embeddings[0].Length);
        Assert.Equal(answer.Embeddings[0][0], (float)one["embedding"]![0]!, 4);
        Assert.InRange(answer.PromptEvalCount ?? 0, 1, 100);
    }

    [Fact]
    public async Task Pages_OfTheModel_AreReadByTheClient()
    {
        var (_, proxy) = await StartAsync();
        using var client = new OllamaApiClient(proxy.App.ProxyAddress, "tiny");

        var model = Assert.Single(await client.ListLocalModelsAsync());
        var running = Assert.Single(await client.ListRunningModelsAsync());
        var shown = await client.ShowModelAsync(model.Name);

        Assert.Equal(("tiny", "3.59M", "F16"), (model.Name, model.Details.ParameterSize, model.Details.QuantizationLevel));
        Assert.InRange(model.Size, 5_000_000, 10_000_000);
        Assert.Equal((model.Digest, 8192), (running.Digest, running.ContextLength));
        Assert.Contains("completion", shown.Capabilities!);
        Assert.Contains("<|im_start|>", shown.Template, StringComparison.Ordinal);
        Assert.Equal(3592448, shown.Info.ParameterCount);
        Assert.NotEmpty((await client.GetVersionAsync())!);
    }

    [Fact]
    public async Task Trigger_InAChat_IsRestored()
    {
        const int TemplateTokens = 1024;
        _workspace.AddTemplate("@code", TemplateText.Of(1, TemplateTokens));
        var (server, proxy) = await StartAsync();
        await proxy.WaitUntilWarmAsync("@code");
        var before = proxy.Instance;
        await _workspace.RestartAsync(server);
        await proxy.WaitUntilRecognisedAsync(before);
        var cache = new List<string?>();
        using var http = new HttpClient(new CacheHeader(cache)) { BaseAddress = proxy.App.ProxyAddress };
        using var client = new OllamaApiClient(http, "tiny");

        var pieces = await ChatAsync(client, "@code How do I reverse a string?", isStream: true);

        Assert.Equal(["restored"], cache);
        Assert.InRange(((ChatDoneResponseStream)pieces[^1]).PromptEvalCount, TemplateTokens, TemplateTokens + 100);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Chat_PromptIsTooLong_IsAnErrorThatTheClientThrows(bool isStream)
    {
        var (_, proxy) = await StartAsync();
        using var client = new OllamaApiClient(proxy.App.ProxyAddress, "tiny");

        var thrown = await Assert.ThrowsAnyAsync<OllamaException>(() => ChatAsync(client, TemplateText.Of(9, 9000), isStream));

        Assert.Contains("context size", thrown.Message, StringComparison.Ordinal);
    }

    private async Task<(LlamaServer Server, TestProxy Proxy)> StartAsync()
    {
        var server = await _workspace.StartServerAsync(_workspace.ServerOptions(2) with { Alias = "tiny" });
        var proxy = await _workspace.StartProxyAsync(server);
        await proxy.WaitUntilRecognisedAsync();
        return (server, proxy);
    }

    private static async Task<List<ChatResponseStream>> ChatAsync(OllamaApiClient client, string text, bool isStream)
    {
        var pieces = new List<ChatResponseStream>();
        var request = new ChatRequest
        {
            Model = "tiny",
            Messages = [new Message(ChatRole.User, text)],
            Options = Greedy,
            Stream = isStream,
        };
        await foreach (var piece in client.ChatAsync(request))
            pieces.Add(piece!);
        return pieces;
    }

    private static async Task<string> ContentAsync(LlamaServer server) => (string)(await PostAsync(
        server.Client,
        "/v1/chat/completions",
        """{"messages":[{"role":"user","content":"Hello, how are you?"}],"temperature":0,"max_tokens":12,"seed":1}"""))
        ["choices"]![0]!["message"]!["content"]!;

    private static async Task<string> RawAsync(LlamaServer server) => (string)(await PostAsync(
        server.Client, "/v1/completions", """{"prompt":"Hello, how are you?","temperature":0,"max_tokens":12,"seed":1}"""))
        ["choices"]![0]!["text"]!;

    private static async Task<JsonNode> PostAsync(HttpClient client, string path, string body)
    {
        using var content = new StringContent(body);
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content).DefaultTimeout();
        var text = await response.Content.ReadAsStringAsync().DefaultTimeout();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    /// <summary>Collects the cache results of answers.</summary>
    private sealed class CacheHeader(List<string?> seen) : DelegatingHandler(new SocketsHttpHandler { UseProxy = false })
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            seen.Add(TestProxy.Header(response, "X-Bioproxy-Cache"));
            return response;
        }
    }
}
