using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Protocols.Chat;

namespace Bioproxy.IntegrationTests.Clients;

/// <summary>Sends a client's recorded sessions through the proxy to a real server, and to the same server alone, with the restarts that the
/// recording asks for.</summary>
internal sealed class ClientReplay(Workspace workspace, LlamaServerOptions options, IReplayedProxies proxies) : IAsyncDisposable
{
    /// <summary>As common models have it: the tools stand behind the system text.</summary>
    public const string Template =
        """
        {%- macro text(content) -%}
        {%- if content is string -%}{{- content -}}{%- else -%}{%- for part in content -%}{{- part['text'] -}}{%- endfor -%}{%- endif -%}
        {%- endmacro -%}
        {%- for message in messages -%}
        {{- '<|im_start|>' + message['role'] + '\n' -}}
        {%- if message['content'] -%}{{- text(message['content']) -}}{%- endif -%}
        {%- if message['tool_calls'] -%}{{- '\n' + (message['tool_calls'] | tojson) -}}{%- endif -%}
        {%- if loop.first and tools -%}{{- '\n# Tools\n' + (tools | tojson) -}}{%- endif -%}
        {{- '<|im_end|>\n' -}}
        {%- endfor -%}
        {%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}
        """;

    /// <summary>Recorded prompts are long, and the machine is small.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Limit };
    private readonly List<int[]> _prompts = [];
    private readonly string _alone = workspace.PathOf("alone");
    private LlamaServer? _reference;

    public async Task<IReadOnlyList<ReplayedRequest>> RunAsync(IReadOnlyList<RecordedRequest> requests)
    {
        var template = workspace.PathOf("agent.jinja");
        await File.WriteAllTextAsync(template, Template);
        var served = options with { ExtraArguments = [.. options.ExtraArguments, "--jinja", "--chat-template-file", template] };
        await proxies.StartAsync(served);
        _reference = await workspace.StartServerAsync(served with { SlotSavePath = _alone, Port = 0 });
        var replayed = new List<ReplayedRequest>();
        foreach (var request in requests)
        {
            if (replayed.Count > 0)
                await RestartAsync(request);
            replayed.Add(await SendAsync(request));
        }

        return replayed;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await proxies.DisposeAsync();
    }

    private async Task RestartAsync(RecordedRequest request)
    {
        if (!request.RestartsServer && !request.RestartsProxy)
            return;
        await proxies.RestartAsync(request.RestartsServer, request.RestartsProxy);
        if (request.RestartsServer)
            _reference = await workspace.RestartAsync(_reference!);
    }

    private async Task<ReplayedRequest> SendAsync(RecordedRequest request)
    {
        var tokens = await TokensAsync(request);
        var reusable = _prompts.Select(other => other.AsSpan().CommonPrefixLength(tokens)).DefaultIfEmpty().Max();
        _prompts.Add(tokens);
        var (alone, _) = await SendAsync(_reference!.BaseAddress, request);
        var (through, cache) = await SendAsync(proxies.Next(), request);
        Assert.Equal(tokens.Length, alone.PromptTokens); // the report counts the prompts that the server computed
        Assert.Equal(tokens.Length, through.PromptTokens);
        await proxies.WaitUntilIdleAsync();
        var most = Math.Min(reusable, tokens.Length - 1); // the last token is always computed
        return new ReplayedRequest(request.Note, tokens.Length, most, through.CachedTokens, alone.CachedTokens, cache);
    }

    private async Task<(PromptTimings Timings, string? Cache)> SendAsync(Uri address, RecordedRequest request)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(address, request.Path)) { Content = Json(request.Shortened()) };
        foreach (var (name, value) in request.Headers)
            message.Headers.TryAddWithoutValidation(name, value);
        using var response = await _client.SendAsync(message).WaitAsync(Limit);
        var answer = await response.Content.ReadAsByteArrayAsync().WaitAsync(Limit);
        Assert.True(response.IsSuccessStatusCode, $"{request.Note}: {Encoding.UTF8.GetString(answer)}");
        var timings = TimingsReader.ReadFirst(answer.AsSpan(0, Math.Min(answer.Length, 4096)), answer) is { } first
            && request.Path == "/v1/messages" ? first : TimingsReader.Read(answer);
        Assert.True(timings is not null, $"{request.Note}: {Encoding.UTF8.GetString(answer)}");
        return (timings!, TestProxy.Header(response, "X-Bioproxy-Cache"));
    }

    private async Task<int[]> TokensAsync(RecordedRequest request)
    {
        var endpoint = request.Path switch
        {
            "/v1/messages" => PromptEndpoint.Messages,
            "/v1/responses" => PromptEndpoint.Responses,
            _ => PromptEndpoint.Chat,
        };
        var chat = ChatForm.Of(Encoding.UTF8.GetBytes(request.Body.ToJsonString()), endpoint)!;
        var rendered = await PostAsync("/apply-template", chat);
        var tokens = await PostAsync(
            "/tokenize", new JsonObject { ["content"] = (string)rendered["prompt"]!, ["add_special"] = true, ["parse_special"] = true });
        return [.. tokens["tokens"]!.AsArray().Select(token => (int)token!)];
    }

    private async Task<JsonNode> PostAsync(string path, JsonObject body)
    {
        using var content = Json(body);
        using var response = await _client.PostAsync(new Uri(_reference!.BaseAddress, path), content).DefaultTimeout();
        var text = await response.Content.ReadAsStringAsync().DefaultTimeout();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private static StringContent Json(JsonObject body) =>
        new(body.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
}
