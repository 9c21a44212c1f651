using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// Every answer says what was reused, and /explain says why; a stream is byte for byte what the server alone would have sent.
/// </summary>
public sealed partial class ProofTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/completion")]
    [InlineData("/v1/completions")]
    public async Task Stream_WithProgressAskedForAndFilteredOut_IsTheServersOwn(string path)
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 2) with { BatchSize = 64 });
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitUntilRecognisedAsync();

        var (through, headers) = await StreamAsync(proxy.Client, path, "");
        var direct = await StreamAsync(server.Client, path, "");
        var (again, hot) = await StreamAsync(proxy.Client, path, "");
        var (own, _) = await StreamAsync(proxy.Client, path, ",\"return_progress\":true");

        Assert.Equal(Normal(direct.Text), Normal(through));
        Assert.Equal("cold", Value(headers, "X-Bioproxy-Cache"));
        Assert.True(int.Parse(Value(headers, "X-Bioproxy-Cached-Tokens")!) < 20);
        Assert.Equal(Normal(direct.Text), Normal(again));
        Assert.Equal("hot", Value(hot, "X-Bioproxy-Cache"));
        Assert.True(int.Parse(Value(hot, "X-Bioproxy-Cached-Tokens")!) > 500);
        Assert.Contains("prompt_progress", own, StringComparison.Ordinal); // a client that asks for progress gets it
    }

    [Fact]
    public async Task Explain_Miss_TellsWhereThePromptDiffers()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 2) with { CacheRamMiB = 0 });
        await using var proxy = await workspace.StartProxyAsync(server, o => o with { ExplainExcerpts = true });
        await proxy.WaitUntilRecognisedAsync();
        var question = TemplateText.Words(seed: 1, 900);

        await proxy.AskAsync(("system", "It is 10:41."), ("user", question));
        await proxy.AskAsync(("user", TemplateText.Words(seed: 2, 900)));
        var (id, answer) = await AskAsync(proxy, ("system", "It is 10:42."), ("user", question));
        var explained = await ExplainAsync(proxy, id);

        output.WriteLine(explained.ToJsonString());
        Assert.Equal("cold", (string)explained["result"]!);
        Assert.Equal(answer.CachedTokens, (int)explained["cached_tokens"]!);
        Assert.Equal(answer.ComputedTokens, (int)explained["computed_tokens"]!);
        Assert.Equal("message 1 (system), its text", (string)explained["first_difference"]!["where"]!);
        Assert.StartsWith("2.", (string)explained["first_difference"]!["excerpt"]!, StringComparison.Ordinal);
        Assert.Contains("first token in about", (string)explained["plan"]!, StringComparison.Ordinal);
        Assert.NotEmpty(explained["compared"]!.AsArray());
    }

    [Fact]
    public async Task Explain_WithoutExcerpts_QuotesNothing()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1));
        await using var proxy = await workspace.StartProxyAsync(server);
        await proxy.WaitUntilRecognisedAsync();

        await proxy.AskAsync(("user", "a secret thing"));
        var (id, _) = await AskAsync(proxy, ("user", "a secret that differs"));

        var explained = (await ExplainAsync(proxy, id)).ToJsonString();
        Assert.DoesNotContain("secret", explained, StringComparison.Ordinal);
        Assert.DoesNotContain("differs", explained, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Displaced_KeptByTheServersRamCache_SaysRam()
    {
        await using var workspace = new Workspace(output);
        workspace.UseModel();
        var server = await workspace.StartServerAsync(workspace.ServerOptions(parallel: 1));
        await using var proxy = await workspace.StartProxyAsync(
            server, o => o with { KvSave = Bioproxy.Host.Configuration.SaveMode.Never });
        await proxy.WaitUntilRecognisedAsync();
        var question = TemplateText.Words(seed: 1, 1500);

        await proxy.AskAsync(("user", question));
        await proxy.AskAsync(("user", TemplateText.Words(seed: 2, 1500)));
        var answer = await proxy.AskAsync(("user", question));

        Assert.Equal("ram", answer.Cache);
        Assert.True(answer.CachedTokens > 1400, $"{answer}");
        using var metrics = await proxy.Admin.GetAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Contains(
            "bioproxy_cache_results_total{result=\"ram\"} 1", await metrics.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<(string Text, HttpResponseHeaders Headers)> StreamAsync(HttpClient client, string path, string more)
    {
        var words = TemplateText.Words(seed: 9, 600);
        var prompt = path.Contains("chat", StringComparison.Ordinal)
            ? $"\"messages\":[{{\"role\":\"user\",\"content\":\"{words}\"}}]"
            : $"\"prompt\":\"{words}\"";
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent($"{{{prompt},\"stream\":true,\"temperature\":0,\"max_tokens\":6,\"n_predict\":6{more}}}",
                Encoding.UTF8, "application/json"),
        };
        using var response = await client.SendAsync(request).DefaultTimeout();
        return (await response.Content.ReadAsStringAsync().DefaultTimeout(), response.Headers);
    }

    private static async Task<(string Id, Answer Answer)> AskAsync(TestProxy proxy, params (string Role, string Content)[] messages)
    {
        using var request = TestProxy.Request(ChatProbe.FirstTokenBody(ChatProbe.Chat(messages)));
        using var response = await proxy.Client.SendAsync(request).DefaultTimeout();
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync().DefaultTimeout())!;
        return (TestProxy.Header(response, "X-Bioproxy-Request-Id")!, new Answer(
            response.StatusCode, TestProxy.Header(response, "X-Bioproxy-Cache"), null, body));
    }

    private static async Task<JsonNode> ExplainAsync(TestProxy proxy, string id)
    {
        JsonNode? explained = null;
        await Eventually.TrueAsync(
            async () =>
            {
                using var response = await proxy.Admin.GetAsync(new Uri($"/explain/{id}", UriKind.Relative));
                explained = response.IsSuccessStatusCode ? JsonNode.Parse(await response.Content.ReadAsStringAsync()) : null;
                return explained is not null;
            },
            Tolerances.Soon,
            "it is explained"); // once the answer has ended
        return explained!;
    }

    private static string? Value(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.Single() : null;

    /// <summary>Removes what differs from one answer to the next.</summary>
    private static string Normal(string stream) => Varying().Replace(stream, "$1:0");

    [GeneratedRegex(
        "(\"(?:id|created|id_slot|cache_n|cached_tokens|prompt_n|prompt_ms|prompt_per_token_ms|prompt_per_second|predicted_ms|"
        + "predicted_per_token_ms|predicted_per_second)\"):(?:\"[^\"]*\"|[-0-9.e+]+)")]
    private static partial Regex Varying();
}
