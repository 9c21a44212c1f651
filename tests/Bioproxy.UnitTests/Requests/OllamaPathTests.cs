using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;

namespace Bioproxy.UnitTests.Requests;

/// <summary>Requests in Ollama's protocol on the path of every request.</summary>
public sealed class OllamaPathTests : IAsyncLifetime
{
    private const string Body = """{"model":"m","messages":[{"role":"user","content":"Hi"}],"keep_alive":1e1,"options":{"num_ctx":10}}""";

    private readonly RequestPathFixture _path = new();

    public Task InitializeAsync() => _path.Model.StartAsync();

    public async Task DisposeAsync() => await _path.DisposeAsync();

    [Fact]
    public async Task Chat_OfAnOllamaClient_ReachesTheBackendAsAChatCompletion()
    {
        var (status, received, _) = await _path.SendAsync("POST", "/api/chat", Body, ("Accept-Encoding", "gzip"), ("X-Mine", "7"));

        Assert.Equal(200, status);
        var last = JsonNode.Parse(received.TrimEnd('\n').Split('\n')[^1])!;
        Assert.Equal((true, "m"), ((bool)last["done"]!, (string?)last["model"]));
        var request = Assert.Single(_path.Backend.Requests, r => r.Method == "POST");
        Assert.Equal("/v1/chat/completions", request.Target);
        Assert.Equal(("7", "application/json", null), (
            request.Header("X-Mine"), request.Header("Content-Type"), request.Header("Accept-Encoding")));
        Assert.False(request.Json.ContainsKey("options"));
    }

    [Fact]
    public async Task Chat_BodyThatCannotBeRead_IsAnErrorInOllamasForm()
    {
        var (status, received, _) = await _path.SendAsync("POST", "/api/chat", "{\"messages\":1}");

        Assert.Equal((400, """{"error":"messages must be a list."}"""), (status, received));
        Assert.Empty(_path.Backend.Requests);
        Assert.Equal(0, _path.Model.Queue.View.Used);
    }

    [Fact]
    public async Task Chat_WithoutMessages_IsAnsweredAtOnce()
    {
        var lease = await _path.OccupyAsync(); // it needs no slot

        var (status, received, _) = await _path.SendAsync("POST", "/api/chat", """{"model":"m","keep_alive":0}""");

        lease.Release();
        Assert.Equal((200, "unload"), (status, (string?)JsonNode.Parse(received)!["done_reason"]));
        Assert.Empty(_path.Backend.Requests);
    }

    [Theory]
    [InlineData("POST", "/api/pull")]
    [InlineData("DELETE", "/api/delete")]
    public async Task Manage_Models_IsNotSupported(string method, string path)
    {
        var (status, received, _) = await _path.SendAsync(method, path, "{}");

        Assert.Equal(501, status);
        Assert.Contains(path, (string?)JsonNode.Parse(received)!["error"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Heartbeat_IsAnsweredWithoutTheBackend()
    {
        var (status, received, _) = await _path.SendAsync("HEAD", "/", "");

        Assert.Equal((200, ""), (status, received));
        Assert.Empty(_path.Backend.Requests);
    }

    [Fact]
    public async Task Tags_BackendIsKnown_NameItsModel()
    {
        var (_, tags, _) = await _path.SendAsync("GET", "/api/tags", "");
        var (_, show, _) = await _path.SendAsync("POST", "/api/show", """{"model":"any"}""");

        Assert.Single(JsonNode.Parse(tags)!["models"]!.AsArray());
        Assert.Equal("completion", (string?)JsonNode.Parse(show)!["capabilities"]![0]);
    }

    [Fact]
    public async Task Chat_BackendIsAnOllamaServer_PassesUntouched()
    {
        const string Answer = "{\"message\":{\"content\":\"a\"},\"done\":true}\n";
        await BecomeOllamaAsync();
        _path.Backend.Misbehave("/api/chat", new FakeMisbehaviour { Body = Answer });

        var (status, received, _) = await _path.SendAsync("POST", "/api/chat", Body);

        Assert.Equal((200, Answer), (status, received));
        Assert.Equal(Body, Assert.Single(_path.Backend.Requests, r => r.Path == "/api/chat").Text);
    }

    [Fact]
    public async Task Tags_BackendIsAnOllamaServer_AreItsOwn()
    {
        await BecomeOllamaAsync();
        _path.Backend.Misbehave("/api/tags", new FakeMisbehaviour { Body = """{"models":[]}""" });

        var (_, received, _) = await _path.SendAsync("GET", "/api/tags", "");

        Assert.Equal("""{"models":[]}""", received);
    }

    private async Task BecomeOllamaAsync()
    {
        var found = Discovery.Found(BackendStatus.Ready, new BackendFacts { IsOllama = true }, null);
        _path.Model.Driver.OnDiscover = _ => Task.FromResult(found);
        await _path.Model.ReplaceAsync();
        Assert.True(_path.Model.Model.SpeaksOllama);
    }
}
