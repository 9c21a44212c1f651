using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Models that the proxy starts itself, with room for one of them: conversations outlive the swaps.</summary>
public sealed class PooledModelsTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Conversations_OfThreeModelsByTurns_AreHardlyComputedTwice()
    {
        await using var workspace = new Workspace(output);
        var llamaServer = await LlamaServerBinary.RequireAsync();
        var models = new[] { 1, 2, 3 }
            .Select(seed => (Name: $"m{seed}", Seed: seed, File: TinyModel.Ensure(TinyArchitecture.Llama, seed, TinySize.Small))).ToList();
        await using var proxy = await workspace.StartProxyAsync(new Uri("http://127.0.0.1:9"), options => options with
        {
            Pool = new PoolOptions
            {
                Models =
                [
                    .. models.Select(model => new PoolModelOptions(model.Name)
                    {
                        Command =
                        [
                            llamaServer, "-m", model.File, "--port", CommandLineText.Port, "--slot-save-path", CommandLineText.Slots,
                            "-c", "16384", "-np", "2", "-t", "1",
                        ],
                    }),
                ],
                MaxLoaded = 1,
                MinLoaded = TimeSpan.Zero,
                Ports = PoolStage.SomePorts(),
            },
            KvMinTokens = 128,
            KvIdleSave = TimeSpan.FromMilliseconds(200),
        });
        var conversations = await ModelConversations.LearnAsync(models.Select(static model => (model.Name, model.Seed)));

        await conversations.AssertHardlyComputedTwiceAsync(proxy, output);
    }

    [Theory]
    [InlineData("/v1/chat/completions", "data: [DONE]")]
    [InlineData("/v1/messages", "event: ping")]
    public async Task Stream_ItsModelIsBeingLoaded_IsKeptAlive(string path, string contained)
    {
        await using var workspace = new Workspace(output);
        var file = TinyModel.Ensure(TinyArchitecture.Llama, seed: 1, TinySize.Tiny);
        var llamaServer = await LlamaServerBinary.RequireAsync();
        await using var proxy = await workspace.StartProxyAsync(new Uri("http://127.0.0.1:9"), options => options with
        {
            Pool = new PoolOptions
            {
                Models =
                [
                    new("m1")
                    {
                        Command =
                        [
                            "sh", "-c", "sleep 1; exec \"$@\"", "sh", llamaServer, "-m", file,
                            "--port", CommandLineText.Port, "-c", "4096", "-t", "1",
                        ],
                    },
                ],
                Ports = PoolStage.SomePorts(),
            },
            QueueKeepAlive = TimeSpan.FromMilliseconds(100),
        });
        var chat = ChatProbe.Chat(("user", "hello"));
        (chat["model"], chat["stream"], chat["max_tokens"]) = ("m1", true, 4);
        using var request = TestProxy.Request(chat);
        request.RequestUri = new Uri(path, UriKind.Relative);

        using var response = await proxy.Client.SendAsync(request).DefaultTimeout();
        var text = await response.Content.ReadAsStringAsync().DefaultTimeout();

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith(": loading model m1 (", text, StringComparison.Ordinal);
        Assert.Contains(contained, text, StringComparison.Ordinal);
        Assert.DoesNotContain(proxy.Log.Lines, line => line.Contains("is loading its model", StringComparison.Ordinal)); // it is no fault
        Assert.Contains(path == "/v1/messages" ? "message_stop" : "data: [DONE]", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Models_OfThePool_AreListedAndOneThatDoesNotStartSaysWhy()
    {
        await using var workspace = new Workspace(output);
        var llamaServer = await LlamaServerBinary.RequireAsync();
        await using var proxy = await workspace.StartProxyAsync(new Uri("http://127.0.0.1:9"), options => options with
        {
            Pool = new PoolOptions
            {
                Models = [new("broken") { Command = [llamaServer, "-m", "/nowhere.gguf", "--port", CommandLineText.Port] }],
                Ports = PoolStage.SomePorts(),
            },
        });

        var list = JsonNode.Parse(await proxy.Client.GetStringAsync(new Uri("/v1/models", UriKind.Relative)).DefaultTimeout())!;
        using var request = TestProxy.Request(ChatProbe.Chat(("user", "hello")));
        using var response = await proxy.Client.SendAsync(request).DefaultTimeout();

        Assert.Equal("broken", (string)list["data"]![0]!["id"]!);
        Assert.Equal("broken", (string?)Assert.Single(await OllamasListAsync("/api/tags"))!["name"]);
        Assert.Empty(await OllamasListAsync("/api/ps"));
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync().DefaultTimeout())!["error"]!;
        Assert.Equal((503, "model_not_loaded"), ((int)response.StatusCode, (string)error["code"]!));
        Assert.Contains("nowhere.gguf", (string)error["message"]!, StringComparison.Ordinal);

        async Task<JsonArray> OllamasListAsync(string path) =>
            JsonNode.Parse(await proxy.Client.GetStringAsync(new Uri(path, UriKind.Relative)).DefaultTimeout())!["models"]!.AsArray();
    }
}
