using System.Net.Http.Headers;
using System.Text;
using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests.Soak;

/// <summary>One request after the other: every protocol, streams and whole answers, some broken ones, some whose client leaves.</summary>
/// <param name="proxy">The proxy's port.</param>
/// <param name="pause">Between two requests.</param>
/// <param name="seed">The seed.</param>
internal sealed class SoakClient(HttpClient proxy, TimeSpan pause, int seed)
{
    private static readonly string[] Systems = [.. Enumerable.Range(0, 3).Select(i => TemplateText.Words(900 + i, 200))];

    private readonly Random _random = new(seed);

    public int Answered { get; private set; }

    /// <summary>Answers of the proxy or a server that are errors.</summary>
    public int Refused { get; private set; }

    /// <summary>Broken connections, while a server restarts.</summary>
    public int Broken { get; private set; }

    public int Left { get; private set; }

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await AskAsync();
            await Task.Delay(pause, CancellationToken.None);
        }
    }

    private async Task AskAsync()
    {
        using var leaving = new CancellationTokenSource();
        var leaves = _random.Next(6) == 0;
        if (leaves)
            leaving.CancelAfter(_random.Next(1, 200));
        try
        {
            using var request = Request();
            using var response = await proxy.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token).DefaultTimeout();
            await response.Content.CopyToAsync(Stream.Null, leaving.Token).DefaultTimeout();
            if (response.IsSuccessStatusCode)
                Answered++;
            else
                Refused++;
        }
        catch (OperationCanceledException) when (leaves)
        {
            Left++;
        }
        catch (HttpRequestException)
        {
            Broken++;
        }
    }

    private HttpRequestMessage Request()
    {
        var model = SoakStage.Models[_random.Next(SoakStage.Models.Count)];
        var stream = _random.Next(2) == 0 ? "true" : "false";
        var system = Systems[_random.Next(Systems.Length)];
        var words = (_random.Next(3) == 0 ? "@code " : "") + TemplateText.Words(_random.Next(50), _random.Next(10, 200));
        var tail = $"\"stream\":{stream}";
        var messages = $$"""[{"role":"system","content":"{{system}}"},{"role":"user","content":"{{words}}"}]""";
        var question = $$"""[{"role":"user","content":"{{words}}"}]""";
        var (path, body) = _random.Next(12) switch
        {
            < 4 => ("/v1/chat/completions", $$"""{"model":"{{model}}","messages":{{messages}},"max_tokens":8,{{tail}}}"""),
            4 => ("/v1/messages", $$"""{"model":"{{model}}","system":"{{system}}","messages":{{question}},"max_tokens":8,{{tail}}}"""),
            5 => ("/v1/responses", $$"""{"model":"{{model}}","input":"{{words}}","max_output_tokens":8,{{tail}}}"""),
            6 => ("/api/chat", $$"""{"model":"{{model}}","messages":{{messages}},"options":{"num_predict":8},{{tail}}}"""),
            7 => ("/api/generate", $$"""{"model":"{{model}}","prompt":"{{words}}","options":{"num_predict":8},{{tail}}}"""),
            8 => ("/v1/completions", $$"""{"model":"{{model}}","prompt":"{{words}}","max_tokens":8,{{tail}}}"""),
            9 => ("/tokenize", $$"""{"model":"{{model}}","content":"{{words}}"}"""),
            10 => ("/v1/chat/completions", $$"""{"model":"{{model}}","messages":[{"role":"user","content":"cut"""),
            _ => ("/v1/chat/completions", $$"""{"model":"nobody","messages":{{question}}}"""),
        };
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative))
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new("application/json") } },
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", $"key-{_random.Next(3)}");
        if (_random.Next(4) == 0)
            request.Headers.Add("X-Bioproxy-Lane", "batch");
        return request;
    }
}
