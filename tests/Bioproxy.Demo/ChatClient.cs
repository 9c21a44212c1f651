using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bioproxy.Demo;

/// <summary>Asks as any OpenAI client does: streaming, over a connection of its own.</summary>
internal static class ChatClient
{
    private const int MaxTokens = 16;

    public static string Body(string message) => Body(null, ("user", message));

    /// <param name="model">The model; null for the server's only one.</param>
    /// <param name="messages">The conversation.</param>
    public static string Body(string? model, params IEnumerable<(string Role, string Content)> messages)
    {
        var body = new JsonObject
        {
            ["messages"] = new JsonArray(
                [.. messages.Select(message => new JsonObject { ["role"] = message.Role, ["content"] = message.Content })]),
            ["max_tokens"] = MaxTokens,
            ["stream"] = true,
        };
        if (model is not null)
            body.Insert(0, "model", model);
        return body.ToJsonString();
    }

    public static Task<Answer> AskAsync(Uri server, string message, CancellationToken cancellationToken) =>
        SendAsync(server, Body(message), cancellationToken);

    /// <param name="server">The server or the proxy.</param>
    /// <param name="body">A streaming chat completion.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<Answer> SendAsync(Uri server, string body, CancellationToken cancellationToken)
    {
        using var client = NewClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, "/v1/chat/completions"));
        request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        var started = Stopwatch.GetTimestamp();
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException(
                $"{server} answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");

        TimeSpan? first = null;
        JsonNode? timings = null;
        var said = new StringBuilder();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (!line.StartsWith("data: {", StringComparison.Ordinal))
                continue;
            var chunk = JsonNode.Parse(line[6..])!;
            if (chunk["choices"] is JsonArray { Count: > 0 } choices && choices[0]!["delta"]?["content"] is JsonValue text
                && text.GetValueKind() == JsonValueKind.String && text.GetValue<string>().Length > 0)
            {
                first ??= Stopwatch.GetElapsedTime(started);
                said.Append(text.GetValue<string>());
            }

            timings = chunk["timings"] ?? timings;
        }

        if (first is null || timings is null)
            throw new HttpRequestException($"{server} streamed no answer.");
        return new Answer(
            first.Value,
            timings["cache_n"]!.GetValue<int>(),
            timings["prompt_n"]!.GetValue<int>(),
            response.Headers.TryGetValues("X-Bioproxy-Cache", out var values) ? values.First() : null,
            said.ToString());
    }

    /// <summary>How many tokens a text has for llama-server itself.</summary>
    public static async Task<int> CountTokensAsync(Uri server, string text, CancellationToken cancellationToken)
    {
        using var client = NewClient();
        using var content = new StringContent(new JsonObject { ["content"] = text }.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(new Uri(server, "/tokenize"), content, cancellationToken);
        var answer = await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonNode>(cancellationToken);
        return answer!["tokens"]!.AsArray().Count;
    }

    /// <summary>A JSON document, or null while nobody answers.</summary>
    public static async Task<JsonNode?> TryGetAsync(Uri address, CancellationToken cancellationToken)
    {
        using var client = NewClient();
        try
        {
            using var response = await client.GetAsync(address, cancellationToken);
            return await response.Content.ReadFromJsonAsync<JsonNode>(cancellationToken);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static HttpClient NewClient() => new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(10) };
}
