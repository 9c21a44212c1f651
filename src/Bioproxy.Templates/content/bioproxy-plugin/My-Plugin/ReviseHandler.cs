using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;

namespace PluginNamespace;

/// <summary><c>/revise</c>: asks the model, then asks it to improve its own answer, and returns the second one.</summary>
[RequestHandler("revise", Command = "revise")]
public sealed class ReviseHandler : IRequestHandler
{
    private const string Chat = "/v1/chat/completions";

    public async ValueTask<bool> HandleAsync(RequestCall request, CancellationToken cancellationToken)
    {
        // False, with nothing written: the request is handled as usual.
        if (request.Prompt.Endpoint != PromptEndpoint.Chat || JsonNode.Parse(request.Body.Span) is not JsonObject body
            || body["messages"] is not JsonArray messages)
            return false;

        body["stream"] = false;
        var draft = await request.AskAsync(new BackendQuestion(Chat, Utf8(body)), cancellationToken);
        if (draft.Text is null)
            return false; // the client gets the backend's own answer

        messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = draft.Text });
        messages.Add(new JsonObject { ["role"] = "user", ["content"] = "Improve this answer. Give only the improved answer." });
        body["stream"] = true;
        var question = new BackendQuestion(Chat, Utf8(body)) { OnText = text => request.WriteAsync(text, cancellationToken) };
        var revised = await request.AskAsync(question, cancellationToken);
        if (revised.Status != 200)
            await request.WriteAsync(draft.Text, cancellationToken);
        return true;
    }

    private static byte[] Utf8(JsonObject body) => Encoding.UTF8.GetBytes(body.ToJsonString());
}
