using System.Text.Json;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.PrefixStabiliser;

namespace Bioproxy.PluginTests.PrefixStabiliser;

/// <summary>A client whose requests pass the stabiliser, and whose answers it sees.</summary>
internal sealed class Client : IDisposable
{
    private readonly AnswerMemory _memory = new();
    private readonly StabiliseTransform _transform;
    private readonly AnswerWatcher _watcher;

    public Client(string settings = "{}", TimeProvider? time = null)
    {
        Services = new() { PluginName = "Bioproxy.PrefixStabiliser", Json = settings, TimeProvider = time ?? TimeProvider.System };
        _transform = new StabiliseTransform(Services, _memory);
        _watcher = new AnswerWatcher(_memory);
    }

    public FakeServices Services { get; }

    /// <summary>Sends a body.</summary>
    /// <returns>What goes to the backend.</returns>
    public async Task<string> SendAsync(
        string body, PromptEndpoint endpoint = PromptEndpoint.Chat, string? domain = null, params AnswerPart[] answer)
    {
        var prompt = await TransformAsync(body, endpoint, domain);
        if (answer.Length > 0)
            _watcher.Observe(new CompletedAnswer(domain, endpoint, prompt.State, answer));
        return BodyPrompt.Sent(prompt);
    }

    public async Task<PromptContext> TransformAsync(string body, PromptEndpoint endpoint = PromptEndpoint.Chat, string? domain = null)
    {
        var prompt = BodyPrompt.Of(endpoint, body);
        prompt.Domain = domain;
        await _transform.TransformAsync(prompt, CancellationToken.None);
        return prompt;
    }

    public void Dispose() => Services.Dispose();

    public static AnswerPart Text(string text) => new(new(ResponseTextKind.Answer, 0), text);

    public static AnswerPart Call(string id, string arguments) =>
        new(new(ResponseTextKind.ToolArguments, 0), arguments) { CallId = id, ToolName = "f" };

    public static AnswerPart Reasoning(string text) => new(new(ResponseTextKind.Reasoning, 0), text);

    public static string Json(string text) => JsonValue.Create(text)!.ToJsonString(new JsonSerializerOptions());
}
