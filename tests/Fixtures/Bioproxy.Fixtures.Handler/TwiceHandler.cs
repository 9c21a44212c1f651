using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Handler;

/// <summary>Asks the backend twice at once with the request's own body, and answers both texts, one a line.</summary>
[RequestHandler("twice", Command = "twice")]
public sealed class TwiceHandler : IRequestHandler
{
    public async ValueTask<bool> HandleAsync(RequestCall request, CancellationToken cancellationToken)
    {
        var question = new BackendQuestion(PathOf(request.Prompt.Endpoint), WithoutStream(request.Body));
        var answers = await Task.WhenAll(request.AskAsync(question, cancellationToken), request.AskAsync(question, cancellationToken));
        await request.WriteAsync(string.Join('\n', answers.Select(answer => answer.Text ?? $"status {answer.Status}")), cancellationToken);
        return true;
    }

    private static ReadOnlyMemory<byte> WithoutStream(ReadOnlyMemory<byte> body)
    {
        var json = JsonNode.Parse(body.Span)!;
        json["stream"] = false;
        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }

    private static string PathOf(PromptEndpoint endpoint) => endpoint switch
    {
        PromptEndpoint.Completion => "/v1/completions",
        PromptEndpoint.Responses => "/v1/responses",
        PromptEndpoint.Messages => "/v1/messages",
        _ => "/v1/chat/completions",
    };
}
