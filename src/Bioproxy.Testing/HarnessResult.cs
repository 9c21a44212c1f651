using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Transforms;

namespace Bioproxy.Testing;

/// <summary>What the client received for a request, and what the backend was asked.</summary>
public sealed class HarnessResult
{
    private readonly List<(ResponseChannel Channel, string Text)> _texts = [];

    internal HarnessResult(HttpResponseMessage? response, byte[] body, bool isComplete, IReadOnlyList<HarnessRequest> backend)
    {
        Status = (int)(response?.StatusCode ?? 0);
        Headers = response is null ? new() : HeadersOf(response.Headers.NonValidated, response.Content.Headers.NonValidated);
        IsStream = response?.Content.Headers.ContentType?.MediaType == "text/event-stream";
        IsComplete = isComplete;
        Body = Encoding.UTF8.GetString(body);
        Backend = backend;
        if (IsStream)
            ReadStream();
        else
            Read(Body);
    }

    /// <summary>The HTTP status; 0 when the connection was cut before it came.</summary>
    public int Status { get; }

    /// <summary>The headers by name, in any case; several values of one name are joined by commas.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>The body, byte for byte; of a stream all its events.</summary>
    public string Body { get; }

    /// <summary>Whether the answer was an event stream.</summary>
    public bool IsStream { get; }

    /// <summary>
    /// False when the connection was cut before the end, as when the backend of a stream crashes. Data in transit may be lost.
    /// </summary>
    public bool IsComplete { get; }

    /// <summary>The message of an error, the host's or the backend's; null without one. A plugin that fails when a stream has begun makes
    /// it end with an error, of status 200.</summary>
    public string? Error { get; private set; }

    /// <summary>The text of the answer (of the first choice, without reasoning), of a stream joined; empty when there is none.</summary>
    public string Text => string.Concat(Pieces);

    /// <summary>The text of the answer as it came: of a stream one piece an event.</summary>
    public IReadOnlyList<string> Pieces =>
        _texts.FindIndex(text => text.Channel.Kind == ResponseTextKind.Answer) is >= 0 and var first ? PiecesOf(_texts[first].Channel) : [];

    /// <summary>
    /// The backend's requests for this one, in order of arrival: usually one; a handler may send several.
    /// </summary>
    public IReadOnlyList<HarnessRequest> Backend { get; }

    /// <summary>Another text of the answer: another choice, the reasoning, the arguments of a tool call.</summary>
    /// <param name="channel">Which.</param>
    /// <returns>Its text, of a stream joined; empty when there is none.</returns>
    public string TextOf(ResponseChannel channel) => string.Concat(PiecesOf(channel));

    private static Dictionary<string, string> HeadersOf(params IEnumerable<HttpHeadersNonValidated> all) =>
        all.SelectMany(headers => headers).ToDictionary(
            header => header.Key, header => string.Join(", ", (IEnumerable<string>)header.Value), StringComparer.OrdinalIgnoreCase);

    private List<string> PiecesOf(ResponseChannel channel) => [.. _texts.Where(text => text.Channel == channel).Select(text => text.Text)];

    private void ReadStream()
    {
        const string Data = "data: ";
        foreach (var line in Body.Split('\n').Where(line => line.StartsWith(Data, StringComparison.Ordinal)))
            Read(line[Data.Length..]);
    }

    private void Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("error", out var error)
                && error.ValueKind == JsonValueKind.Object)
                Error = error.TryGetProperty("message", out var message) ? message.ToString() : error.ToString();
            var texts = new AnswerTexts();
            texts.Read(document.RootElement, IsStream);

            // Some streams repeat the whole text at the end.
            foreach (var text in texts.Texts.Where(text => text.IsDelta == IsStream))
                _texts.Add((text.Channel, text.Token.GetString()!));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // [DONE], a cut event, or an answer that is not JSON has no text.
        }
    }
}
