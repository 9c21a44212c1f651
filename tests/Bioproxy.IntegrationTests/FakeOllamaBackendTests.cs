using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Two Ollama servers beside a llama-server.</summary>
public sealed class FakeOllamaBackendTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly FakeBackendOptions Ollama = new() { Slots = 0, OllamaModels = ["qwen3:latest", "llama3.1:8b"] };

    private readonly FakeBackend _one = FakeBackend.Start(Ollama);
    private readonly FakeBackend _two = FakeBackend.Start(Ollama with { OllamaModels = ["qwen3:latest"] });
    private readonly FakeBackend _llama = FakeBackend.Start(new FakeBackendOptions { Model = "coder" });
    private FakeStage? _stage;

    private FakeStage Stage => _stage!;

    public async Task InitializeAsync()
    {
        _stage = await FakeStage.StartAsync(
            output,
            _one.BaseAddress,
            options => options with
            {
                Backends =
                [
                    new BackendOptions("one", _one.BaseAddress),
                    new BackendOptions("two", _two.BaseAddress) { Kind = BackendKind.Ollama },
                    new BackendOptions("desk", _llama.BaseAddress),
                ],
            },
            ("@code", "Write code.\n<<message>>\n"));
        await Eventually.TrueAsync(
            () => _stage.App.Models.All is { Count: 6 } all && all.All(model => model.Current.State.Status == BackendStatus.Ready),
            FakeStage.Limit,
            "all models are known");
    }

    public async Task DisposeAsync()
    {
        await Stage.DisposeAsync();
        await _one.DisposeAsync();
        await _two.DisposeAsync();
        await _llama.DisposeAsync();
    }

    [Fact]
    public async Task Models_OfAllServers_AreListedWithTheirAliasesAndFacts()
    {
        var list = JsonNode.Parse(await Stage.Client.GetStringAsync(new Uri("/v1/models", UriKind.Relative)).DefaultTimeout())!;
        var data = list["data"]!.AsArray();

        Assert.Equal(["coder", "qwen3:latest", "qwen3", "llama3.1:8b"], data.Select(model => (string)model!["id"]!).Order(ByPlace));
        var meta = data.Single(model => (string)model!["id"]! == "coder")!["meta"]!;
        Assert.Equal((152384, 32768), ((int)meta["n_params"]!, (int)meta["n_ctx"]!));
        Assert.Equal(4_920_753_328, (long)data.Single(model => (string)model!["id"]! == "llama3.1:8b")!["meta"]!["size"]!);
    }

    [Theory]
    [InlineData("qwen3")]
    [InlineData("llama3.1:8b")]
    public async Task OllamasApi_ModelOfAnOllamaServer_PassesUntouched(string model)
    {
        var body = $$$"""{"messages":[{"role":"user","content":"Hi"}],"model":"{{{model}}}","keep_alive":1e1,"options":{"num_ctx":10}}""";

        var (answer, _) = await Stage.AskAsync(body, "/api/chat");
        var (show, _) = await Stage.AskAsync($$"""{"model":"{{model}}"}""", "/api/show");

        Assert.Contains("an answer of Ollama itself", answer, StringComparison.Ordinal);
        Assert.Contains("of ollama itself", show, StringComparison.Ordinal);
        var sent = _one.Requests.Concat(_two.Requests).Single(request => request.Path == "/api/chat");
        Assert.Equal(body, sent.Text);
    }

    [Fact]
    public async Task OllamasApi_ModelOfALlamaServer_IsTranslated()
    {
        var (answer, response) = await Stage.AskAsync(
            """{"model":"coder","messages":[{"role":"user","content":"Hi"}],"stream":false}""", "/api/chat");

        Assert.Equal("desk", FakeStage.Header(response, "X-Bioproxy-Backend"));
        Assert.True((bool)JsonNode.Parse(answer)!["done"]!);
        Assert.Single(_llama.Requests, request => request.Is("POST", "/v1/chat/completions"));
    }

    [Fact]
    public async Task Chat_ModelOfAnOllamaServer_IsExpanded()
    {
        var (_, response) = await Stage.AskAsync("""{"model":"llama3.1:8b","messages":[{"role":"user","content":"@code Sort."}]}""");

        Assert.Equal("one", FakeStage.Header(response, "X-Bioproxy-Backend"));
        Assert.Contains("Write code.\\nSort.", Assert.Single(Chats(_one)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_OfAModelThatTwoServersHave_StaysAtTheServerThatItBeganAt()
    {
        var first = await PlaceOfAsync("[" + Turn("user", "One.") + "]");
        var second = await PlaceOfAsync("[" + Turn("user", "One.") + "," + Turn("assistant", "Two.") + "," + Turn("user", "Three.") + "]");

        Assert.Equal(first, second);
        Assert.Equal(2, Chats(first == "one" ? _one : _two).Count);
    }

    [Fact]
    public async Task Chat_ServerIsDown_GoesToTheOtherAndStaysThere()
    {
        var first = await PlaceOfAsync("[" + Turn("user", "One.") + "]");
        var (gone, other) = first == "one" ? (_one, "two") : (_two, "one");
        gone.Kill();

        Assert.Equal(other, await PlaceOfAsync("[" + Turn("user", "One.") + "," + Turn("user", "Two.") + "]"));
    }

    /// <summary>In the order of the names below, whichever server was asked first.</summary>
    private static Comparer<string> ByPlace { get; } = Comparer<string>.Create((a, b) => Rank(a) - Rank(b));

    private static int Rank(string name) => name switch
    {
        "coder" => 0,
        "qwen3:latest" => 1,
        "qwen3" => 2,
        _ => 3,
    };

    private static string Turn(string role, string text) => $$"""{"role":"{{role}}","content":"{{text}}"}""";

    private static List<FakeRequest> Chats(FakeBackend backend) =>
        [.. backend.Requests.Where(request => request.Is("POST", "/v1/chat/completions"))];

    private async Task<string?> PlaceOfAsync(string messages)
    {
        var (_, response) = await Stage.AskAsync($$"""{"model":"qwen3:latest","messages":{{messages}}}""");
        return FakeStage.Header(response, "X-Bioproxy-Backend");
    }
}
