using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;
using Bioproxy.Host.Prompts;

namespace Bioproxy.Testing;

/// <summary>A request as received by the backend.</summary>
public sealed class HarnessRequest
{
    private readonly byte[] _body;
    private readonly PromptEndpoint? _endpoint;

    internal HarnessRequest(string path, IReadOnlyDictionary<string, string> headers, byte[] body, PromptEndpoint? endpoint)
    {
        Path = path;
        Headers = headers;
        _body = body;
        _endpoint = endpoint;
        Body = Encoding.UTF8.GetString(body);
        Messages = ReadMessages();
    }

    /// <summary>The path, for example <c>/v1/chat/completions</c>.</summary>
    public string Path { get; }

    /// <summary>The headers by name, in any case; several values of one name are joined by commas.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>The body, byte for byte.</summary>
    public string Body { get; }

    /// <summary>The body, parsed anew at each call.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public JsonNode Json => JsonNode.Parse(Body)!;

    /// <summary>The prompt's messages, oldest first, whatever the endpoint; empty where there is no prompt.</summary>
    public IReadOnlyList<HarnessMessage> Messages { get; }

    /// <summary>Whether a stream was asked for.</summary>
    public bool IsStream => Prompt?.IsStream == true;

    internal PromptEndpoint Endpoint => _endpoint ?? PromptEndpoint.Completion;

    internal bool IsNative =>
        _endpoint is null || (_endpoint == PromptEndpoint.Completion && !Path.StartsWith("/v1/", StringComparison.Ordinal));

    internal string Model => Prompt?.Model ?? "harness";

    private PromptBody? Prompt => _endpoint is { } endpoint ? PromptBody.Read(_body, endpoint) : null;

    private HarnessMessage[] ReadMessages()
    {
        if (Prompt is not { } prompt)
            return [];
        var context = new EditablePrompt(prompt, "harness", isWarmUp: false).Context;
        return
        [
            .. context.Messages.Select(message =>
                new HarnessMessage(message.Role, string.Concat(message.Parts.Select(part => part.Text)))),
        ];
    }
}
