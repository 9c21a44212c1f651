using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Handler;

/// <summary>Answers by itself, with the text of the last user message in three pieces.</summary>
[RequestHandler("echo", Command = "echo")]
public sealed class EchoHandler : IRequestHandler
{
    public async ValueTask<bool> HandleAsync(RequestCall request, CancellationToken cancellationToken)
    {
        var message = request.Prompt.Messages.LastOrDefault(message => message.Role == "user");
        var text = string.Concat(message?.Parts.Select(part => part.Text) ?? []);
        var first = text.Length / 3;
        var second = text.Length * 2 / 3;
        foreach (var piece in (string[])[text[..first], text[first..second], text[second..]])
            await request.WriteAsync(piece, cancellationToken);
        return true;
    }
}
