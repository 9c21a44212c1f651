using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Bioproxy.Doubles;
using Bioproxy.Host.Protocols.Chat;

namespace Bioproxy.IntegrationTests.Clients;

/// <summary>Sends recorded requests, cut to what a tiny model holds, to a server or to a proxy in front of one.</summary>
internal sealed partial class RecordedPrompts : IDisposable
{
    private const int Tokens = 20;

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false });

    /// <summary>Options of a server that renders the prompts of agents.</summary>
    public static async Task<LlamaServerOptions> OptionsAsync(Workspace workspace, int parallel)
    {
        var template = workspace.PathOf("agent.jinja");
        await File.WriteAllTextAsync(template, ClientReplay.Template);
        return workspace.ServerOptions(parallel) with
        {
            CacheRamMiB = 0,
            ContextSize = parallel * 16384,
            ExtraArguments = ["--jinja", "--chat-template-file", template, "--alias", "tiny"],
        };
    }

    /// <summary>Sends a request.</summary>
    /// <returns>The whole answer, and the header that says what was reused.</returns>
    public async Task<(string Answer, string? Cache)> SendAsync(Uri address, RecordedRequest request, JsonObject body)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(address, request.Path)) { Content = Json(body) };
        foreach (var (name, value) in request.Headers)
            message.Headers.TryAddWithoutValidation(name, value);
        using var response = await _client.SendAsync(message).DefaultTimeout();
        var answer = await response.Content.ReadAsStringAsync().DefaultTimeout();
        Assert.True(response.IsSuccessStatusCode, $"{request.Note}: {answer}");
        return (answer, TestProxy.Header(response, "X-Bioproxy-Cache"));
    }

    /// <summary>Empties the only slot of a server.</summary>
    public async Task EraseAsync(LlamaServer server)
    {
        using var response = await _client.PostAsync(new Uri(server.BaseAddress, "/slots/0?action=erase"), null).DefaultTimeout();
        Assert.True(response.IsSuccessStatusCode);
    }

    /// <summary>The tokens of a request's prompt.</summary>
    public async Task<int[]> TokensAsync(LlamaServer server, RecordedRequest request)
    {
        var chat = ChatForm.Of(Encoding.UTF8.GetBytes(request.Body.ToJsonString()), request.Endpoint)!;
        var prompt = (string)(await PostAsync(server, "/apply-template", chat))["prompt"]!;
        var tokens = await PostAsync(
            server, "/tokenize", new JsonObject { ["content"] = prompt, ["add_special"] = true, ["parse_special"] = true });
        return [.. tokens["tokens"]!.AsArray().Select(token => (int)token!)];
    }

    /// <summary>The distribution of the first token behind a prompt.</summary>
    /// <param name="server">The server.</param>
    /// <param name="tokens">The prompt.</param>
    /// <param name="mayReuse">The server may continue from what it holds.</param>
    public async Task<FirstToken> FirstTokenAsync(LlamaServer server, int[] tokens, bool mayReuse)
    {
        var answer = await PostAsync(server, "/completion", new JsonObject
        {
            ["prompt"] = new JsonArray([.. tokens.Select(static token => (JsonNode)token)]),
            ["n_predict"] = 1,
            ["temperature"] = 0,
            ["n_probs"] = Tokens,
            ["cache_prompt"] = mayReuse,
        });
        var first = answer["completion_probabilities"]![0]!;
        return new FirstToken(
            first["id"]!.ToString(),
            first["top_logprobs"]!.AsArray().ToDictionary(
                static token => token!["id"]!.ToString(), static token => (double)token!["logprob"]!, StringComparer.Ordinal),
            (int)answer["timings"]!["cache_n"]!,
            (int)answer["timings"]!["prompt_n"]!);
    }

    /// <summary>An answer without what differs between two answers of one server: ids, times and timings.</summary>
    public static string Masked(string answer) => Varying().Replace(answer, "$1*");

    public void Dispose() => _client.Dispose();

    private async Task<JsonNode> PostAsync(LlamaServer server, string path, JsonObject body)
    {
        using var content = Json(body);
        using var response = await _client.PostAsync(new Uri(server.BaseAddress, path), content).DefaultTimeout();
        var text = await response.Content.ReadAsStringAsync().DefaultTimeout();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private static StringContent Json(JsonObject body) =>
        new(body.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    [GeneratedRegex("""("(?:[a-z_]*id":|created":|created_at":|completed_at":|timings":))(?:"[^"]*"|\d+|\{[^}]*\})""")]
    private static partial Regex Varying();
}
