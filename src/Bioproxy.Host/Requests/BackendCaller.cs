using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Http;
using Bioproxy.Host.Json;
using Bioproxy.Host.Security;
using Bioproxy.Host.Transforms;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Requests;

/// <summary>
/// Asks the backend for a plugin. A question has a lease, a placement and a settlement of its own; no plugin sees it.
/// </summary>
/// <param name="serve">Steps 4 to 8 of the path.</param>
/// <param name="apiKey">The backend's key, for questions without a client.</param>
/// <param name="longest">Bytes of an answer at most.</param>
internal sealed class BackendCaller(Func<PluginQuestion, Task<Exchange>> serve, string? apiKey, long longest)
{
    /// <summary>The client's headers that describe its body, its connection, its lane or its stream; the others say who asks.</summary>
    private static readonly string[] NotPassedOn =
    [
        "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Accept-Encoding", "Accept", "Connection", "Expect",
        Caller.LaneHeader, ResumableStreams.Header,
    ];

    /// <param name="question">The question.</param>
    /// <param name="client">The request on whose behalf it is asked; null for none.</param>
    /// <param name="lane">The lane it waits in.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <param name="usage">Counts the tokens; null where they do not matter.</param>
    /// <exception cref="BackendUnavailableException">There was no answer.</exception>
    public async Task<BackendAnswer> AskAsync(
        BackendQuestion question, HttpContext? client, PromptLane lane, CancellationToken cancellationToken, UsageMeter? usage = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var sink = new QuestionSink(question.OnText, longest, cancellationToken);
        var head = new RequestHead(HttpMethods.Post, question.Path, HeadersOf(question, client, lane))
        {
            Key = client?.Features.Get<ClientKey>(),
        };
        var address = client?.Connection.RemoteIpAddress;
        var exchange = await serve(new PluginQuestion(question.Path, head, question.Body, address, sink)).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (sink.Problem is { } thrown)
            throw new BackendUnavailableException($"The answer could not be taken: {thrown.Message}", thrown);
        if (exchange.Failure is { } failure)
            throw new BackendUnavailableException(failure.Message);
        if (exchange.Timings is { } timings)
            usage?.Add(timings);
        var body = sink.Body;
        return new BackendAnswer(sink.StatusCode, body)
        {
            Text = sink.StatusCode != 200 ? null : sink.IsStream ? sink.Text : FirstText(body),
            PromptTokens = exchange.Timings?.PromptTokens,
            CachedTokens = exchange.Timings?.CachedTokens,
        };
    }

    private HeaderDictionary HeadersOf(BackendQuestion question, HttpContext? client, PromptLane lane)
    {
        var headers = new HeaderDictionary();
        if (client is not null)
        {
            foreach (var (name, value) in client.Request.Headers)
            {
                if (!NotPassedOn.Contains(name, StringComparer.OrdinalIgnoreCase))
                    headers[name] = value;
            }
        }
        else if (apiKey is not null)
        {
            headers["Authorization"] = $"Bearer {apiKey}";
        }

        headers[Caller.LaneHeader] = lane == PromptLane.Batch ? "batch" : "interactive";
        headers["Content-Type"] = "application/json";
        headers.ContentLength = question.Body.Length;
        return headers;
    }

    private static string? FirstText(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var texts = new AnswerTexts();
            texts.Read(document.RootElement, isStream: false);
            List<string> answer = [.. texts.Answer.Select(text => JsonTokens.TextOf(text.Token)).OfType<string>()];
            return answer.Count == 0 ? null : string.Concat(answer);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
