using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>What the server computes for one API key, and what an answer says of it, is the same whether or not another key asked the same
/// before, where the server itself chooses what it reuses: for pictures, and where it does not show its slots.</summary>
public sealed class IsolationTests(ITestOutputHelper output)
{
    private const int PromptTokens = 700;

    // Eight by eight pixels in red, and in green.
    private const string Red = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC";
    private const string Green = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEElEQVR4nGNg+M+AHQ0tCQDpMD/B9YBzjgAAAABJRU5ErkJggg==";

    private static readonly string Text = TemplateText.Of(5, PromptTokens);

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    public async Task Pictures_OfAnotherKey_AreComputedForThisOne(int ramCache)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(size: TinySize.Tiny);
        TinyProjector.Write(workspace.PathOf("projector.gguf"));
        var server = await StartAsync(workspace, ramCache, "--mmproj", workspace.PathOf("projector.gguf"), "--no-warmup");
        await using var proxy = await StartProxyAsync(workspace, server);
        await proxy.WaitUntilRecognisedAsync();
        var asked = Picture(Red, "One?");
        await AskAsync(proxy, "first", asked);
        await AskAsync(proxy, "second", Picture(Green, "Two?", seed: 6)); // from now on there are two keys

        var foreign = await CostAsync(server, proxy, "second", asked);
        var alone = await CostAsync(server, proxy, "third", Picture(Green, "Three?", seed: 7));
        var own = await CostAsync(server, proxy, "second", Picture(Red, "One?" + TemplateText.Of(8, 100)));
        var direct = await AskAsync(server.Client, "first", asked);

        output.WriteLine($"foreign {foreign}, alone {alone}, own {own}, direct {direct}");
        Assert.InRange(foreign.Computed, PromptTokens, int.MaxValue);
        Assert.Equal(("0", "cold", 1), (foreign.Answer.Reused, foreign.Answer.Cache, foreign.Answer.NotCached));
        Assert.Equal(("0", "cold", 1), (alone.Answer.Reused, alone.Answer.Cache, alone.Answer.NotCached));
        Assert.InRange(own.Computed, 1, PromptTokens / 2);
        Assert.Equal("hot", own.Answer.Cache);
        Assert.InRange(direct.NotCached, 1, 20); // the server itself does not tell keys apart
    }

    /// <summary>A body that the server reads and the proxy could not: what was not computed apart is not sent.</summary>
    [Fact]
    public async Task Messages_OfAnUnusualBody_AreComputedApartOrRefused()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(size: TinySize.Tiny);
        var server = await StartAsync(workspace, ramCache: 0);
        await using var proxy = await StartProxyAsync(workspace, server);
        await proxy.WaitUntilRecognisedAsync();
        var asked = Body("/v1/messages", Text);
        await AskAsync(proxy, "first", asked);
        await AskAsync(proxy, "second", Body("/v1/messages", TemplateText.Of(6, PromptTokens)));

        var marked = await CostAsync(server, proxy, "second", asked with { Json = "\uFEFF" + asked.Json });
        using var doubled = await SendAsync(
            proxy.Client, "third", asked with { Json = asked.Json.Insert(1, "\"messages\":[],") });

        Assert.InRange(marked.Computed, PromptTokens, int.MaxValue);
        Assert.Equal(("0", "cold", 1), (marked.Answer.Reused, marked.Answer.Cache, marked.Answer.NotCached));
        Assert.Equal(HttpStatusCode.BadRequest, doubled.StatusCode);
        Assert.Contains("apart", await doubled.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/messages")]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/responses")]
    [InlineData("/v1/completions")]
    public async Task ServerWithoutSlots_SamePromptOfAnotherKey_IsComputedForThisOne(string path)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel(size: TinySize.Tiny);
        var server = await StartAsync(workspace, ramCache: 256, "--no-slots");
        await using var proxy = await StartProxyAsync(workspace, server);
        await proxy.WaitForBackendAsync(BackendStatus.Ready);
        var asked = Body(path, Text);

        var first = await CostAsync(server, proxy, "first", asked);
        var again = await CostAsync(server, proxy, "first", asked);
        var foreign = await CostAsync(server, proxy, "second", asked);
        var direct = await CostAsync(server, proxy, "first", asked);

        output.WriteLine($"first {first}, again {again}, foreign {foreign}, then {direct}");
        Assert.InRange(again.Computed, 1, 10); // as long as there is one key
        Assert.InRange(foreign.Computed, PromptTokens, int.MaxValue);
        Assert.Equal("0", foreign.Answer.Reused ?? "0");
        Assert.Equal("cold", foreign.Answer.Cache);
        Assert.InRange(direct.Computed, PromptTokens, int.MaxValue); // whose state it would be is not known
    }

    private static Task<LlamaServer> StartAsync(Workspace workspace, int ramCache, params string[] arguments) =>
        workspace.StartServerAsync(
            workspace.ServerOptions(parallel: 2) with { CacheRamMiB = ramCache, ExtraArguments = ["--metrics", .. arguments] });

    private static Task<TestProxy> StartProxyAsync(Workspace workspace, LlamaServer server) =>
        workspace.StartProxyAsync(server, o => o with { KvSave = SaveMode.Never, PreamblesEnabled = false });

    private static Question Picture(string png, string text, int seed = 5) => new("/v1/messages", new JsonObject
    {
        ["max_tokens"] = 1,
        ["messages"] = new JsonArray(new JsonObject
        {
            ["role"] = "user",
            ["content"] = new JsonArray(
                new JsonObject { ["type"] = "text", ["text"] = TemplateText.Of(seed, PromptTokens) },
                new JsonObject
                {
                    ["type"] = "image",
                    ["source"] = new JsonObject { ["type"] = "base64", ["media_type"] = "image/png", ["data"] = png },
                },
                new JsonObject { ["type"] = "text", ["text"] = text }),
        }),
    }.ToJsonString());

    private static Question Body(string path, string text)
    {
        var messages = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text });
        return new Question(path, (path switch
        {
            "/v1/responses" => new JsonObject { ["max_output_tokens"] = 1, ["input"] = text },
            "/v1/completions" => new JsonObject { ["max_tokens"] = 1, ["prompt"] = text },
            _ => new JsonObject { ["max_tokens"] = 1, ["messages"] = messages },
        }).ToJsonString());
    }

    private static async Task<(Told Answer, int Computed)> CostAsync(LlamaServer server, TestProxy proxy, string key, Question question)
    {
        var before = await ComputedAsync(server, proxy);
        var answer = await AskAsync(proxy, key, question);
        return (answer, await ComputedAsync(server, proxy) - before);
    }

    private static async Task<int> ComputedAsync(LlamaServer server, TestProxy proxy)
    {
        await proxy.WaitUntilIdleAsync();
        var metrics = await server.Client.GetStringAsync(new Uri("metrics", UriKind.Relative)).DefaultTimeout();
        var line = metrics.Split('\n').First(l => l.StartsWith("llamacpp:prompt_tokens_total", StringComparison.Ordinal));
        return (int)double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static Task<Told> AskAsync(TestProxy proxy, string key, Question question) => AskAsync(proxy.Client, key, question);

    private static async Task<Told> AskAsync(HttpClient client, string key, Question question)
    {
        using var response = await SendAsync(client, key, question);
        var answer = await response.Content.ReadAsStringAsync().DefaultTimeout();
        Assert.True(response.IsSuccessStatusCode, answer);
        var usage = JsonNode.Parse(answer)!["usage"]!;
        return new Told(
            TestProxy.Header(response, "X-Bioproxy-Cache"),
            TestProxy.Header(response, "X-Bioproxy-Cached-Tokens"),
            (int?)usage["input_tokens"] ?? 0);
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, string key, Question question)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, question.Path)
        {
            Content = new StringContent(question.Json, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("X-Api-Key", key);
        return await client.SendAsync(request).DefaultTimeout();
    }

    /// <param name="Path">The path.</param>
    /// <param name="Json">The body.</param>
    private sealed record Question(string Path, string Json);

    /// <param name="Cache">The cache result.</param>
    /// <param name="Reused">Tokens reused, as the proxy reports.</param>
    /// <param name="NotCached">The prompt's other tokens, as an answer of the Messages API says.</param>
    private sealed record Told(string? Cache, string? Reused, int NotCached);
}
