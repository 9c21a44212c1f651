using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;
using Bioproxy.Host.Transforms;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bioproxy.Host.Requests;

/// <summary>
/// Asks the backend for a plugin. The question goes the way of every request, with a lease, a place and a settling of its own; only its client
/// is not at the other end of a connection but here, and no plugin sees it.
/// </summary>
/// <param name="handle">The path of requests.</param>
/// <param name="apiKey">The backend's key, for questions that no client stands behind.</param>
/// <param name="longest">Bytes of an answer at most.</param>
internal sealed class BackendCaller(Func<HttpContext, Task<Exchange>> handle, string? apiKey, long longest)
{
    /// <summary>Of the client's headers those that are about its body, its connection or its lane; the rest says who asks.</summary>
    private static readonly string[] NotPassedOn = ["Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Accept-Encoding", "Accept", "Connection", "Expect", Caller.LaneHeader];

    /// <param name="question">The question.</param>
    /// <param name="client">Whose request it belongs to; null for nobody's.</param>
    /// <param name="lane">The lane it waits in.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="BackendUnavailableException">There was no answer.</exception>
    public async Task<BackendAnswer> AskAsync(BackendQuestion question, HttpContext? client, PromptLane lane, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var sink = new AnswerSink(question.OnText, longest);
        var http = new DefaultHttpContext();
        http.Features.Set<IHttpResponseFeature>(sink.Response);
        http.Response.Body = sink;
        http.RequestAborted = cancellationToken;
        Fill(http, question, client, lane);
        var exchange = await handle(http).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (sink.Problem is { } thrown)
            throw new BackendUnavailableException($"The answer could not be taken: {thrown.Message}", thrown);
        if (exchange.Failure is { } failure)
            throw new BackendUnavailableException(failure.Message);
        var body = sink.Body;
        var timings = exchange.Timings;
        return new BackendAnswer(sink.Response.StatusCode, body)
        {
            Text = sink.Response.StatusCode != 200 ? null : sink.IsStream ? sink.Text : FirstText(body),
            PromptTokens = timings?.PromptTokens,
            CachedTokens = timings?.CachedTokens,
        };
    }

    private void Fill(HttpContext http, BackendQuestion question, HttpContext? client, PromptLane lane)
    {
        var request = http.Request;
        request.Method = HttpMethods.Post;
        request.Scheme = "http";
        request.Path = question.Path;
        foreach (var header in client?.Request.Headers ?? Enumerable.Empty<KeyValuePair<string, Microsoft.Extensions.Primitives.StringValues>>())
        {
            if (!NotPassedOn.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
                request.Headers[header.Key] = header.Value;
        }

        if (client is null && apiKey is not null)
            request.Headers.Authorization = $"Bearer {apiKey}";
        request.Headers[Caller.LaneHeader] = lane == PromptLane.Batch ? "batch" : "interactive";
        request.ContentType = "application/json";
        request.ContentLength = question.Body.Length;
        request.Body = new MemoryStream(question.Body.ToArray(), writable: false);
        http.Connection.RemoteIpAddress = client?.Connection.RemoteIpAddress;
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
