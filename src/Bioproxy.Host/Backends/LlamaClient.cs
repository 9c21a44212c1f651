using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Bioproxy.Host.Http;

namespace Bioproxy.Host.Backends;

/// <summary>
/// Control calls to one llama-server: facts, slots, tokens, save and restore. Failures are values. Calls are bounded in time;
/// slot actions wait on the server behind a running batch, so theirs is long.
/// </summary>
internal sealed class LlamaClient : IDisposable
{
    private static readonly TimeSpan QuickLimit = TimeSpan.FromSeconds(10);

    /// <summary>Slot actions stand behind a running batch on the server's one loop (9 s were seen).</summary>
    private static readonly TimeSpan SlotLimit = TimeSpan.FromMinutes(2);

    // Calls that wait for the model's loop must not fill the connections of those that are answered at once, nor must evaluations.
    private readonly BackendPool _quick;
    private readonly BackendPool _slow;
    private readonly Uri _base;
    private readonly AuthenticationHeaderValue? _authorization;

    public LlamaClient(Uri backend, TimeSpan connectTimeout, string? apiKey)
    {
        _quick = new BackendPool(connectTimeout, mostConnections: 4);
        _slow = new BackendPool(connectTimeout);
        _base = backend.AbsoluteUri.EndsWith('/') ? backend : new Uri(backend.AbsoluteUri + "/");
        _authorization = apiKey is null ? null : new AuthenticationHeaderValue("Bearer", apiKey);
    }

    public Task<BackendAnswer<JsonDocument>> GetAsync(string path, CancellationToken cancellationToken) =>
        CallAsync(HttpMethod.Get, path, null, QuickLimit, cancellationToken);

    public async Task<BackendAnswer<IReadOnlyList<SlotRow>>> GetSlotsAsync(CancellationToken cancellationToken) =>
        Extract<IReadOnlyList<SlotRow>>(await CallAsync(HttpMethod.Get, "slots", null, SlotLimit, cancellationToken).ConfigureAwait(false), "the slot list", static root =>
        [
            .. root.EnumerateArray().Select(static row => new SlotRow(
                row.GetProperty("id").GetInt32(),
                row.GetProperty("is_processing").GetBoolean(),
                row.TryGetProperty("id_task", out var task) && task.GetInt64() is var taskId and >= 0 ? taskId : null,
                row.TryGetProperty("n_prompt_tokens", out var tokens) ? tokens.GetInt32() : null)),
        ]);

    public Task<BackendAnswer<SlotFileResult>> SaveAsync(int slot, string fileName, CancellationToken cancellationToken) =>
        SlotFileAsync(slot, "save", fileName, "n_saved", "n_written", "save_ms", cancellationToken);

    public Task<BackendAnswer<SlotFileResult>> RestoreAsync(int slot, string fileName, CancellationToken cancellationToken) =>
        SlotFileAsync(slot, "restore", fileName, "n_restored", "n_read", "restore_ms", cancellationToken);

    /// <summary>Empties a slot. The value says nothing; only success counts.</summary>
    public async Task<bool> EraseAsync(int slot, CancellationToken cancellationToken)
    {
        var answer = await CallAsync(HttpMethod.Post, Invariant($"slots/{slot}?action=erase"), "{}"u8.ToArray(), SlotLimit, cancellationToken).ConfigureAwait(false);
        answer.Value?.Dispose();
        return answer.IsSuccess;
    }

    /// <summary>The exact text the backend makes of a chat body: members it knows are those of a chat request.</summary>
    public async Task<BackendAnswer<string>> ApplyTemplateAsync(ReadOnlyMemory<byte> chatBody, CancellationToken cancellationToken) =>
        Extract(await CallAsync(HttpMethod.Post, "apply-template", chatBody, QuickLimit, cancellationToken).ConfigureAwait(false), "the answer of /apply-template", static root => root.GetProperty("prompt").GetString());

    /// <summary>The tokens of a rendered prompt, as a chat request gets them.</summary>
    public async Task<BackendAnswer<int[]>> TokenizeAsync(string prompt, CancellationToken cancellationToken)
    {
        var body = Write(writer =>
        {
            writer.WriteString("content", prompt);
            writer.WriteBoolean("add_special", true);
            writer.WriteBoolean("parse_special", true);
        });
        return Extract(await CallAsync(HttpMethod.Post, "tokenize", body, QuickLimit, cancellationToken).ConfigureAwait(false), "the answer of /tokenize", static root =>
            root.GetProperty("tokens").EnumerateArray().Select(static t => t.GetInt32()).ToArray());
    }

    /// <summary>The log-probabilities of the first token after a fixed prompt, computed without any cache: a fingerprint of the weights.</summary>
    public async Task<BackendAnswer<IReadOnlyDictionary<int, double>>> ProbeAsync(string prompt, int count, CancellationToken cancellationToken)
    {
        var body = Write(writer =>
        {
            writer.WriteString("prompt", prompt);
            writer.WriteNumber("n_predict", 1);
            writer.WriteNumber("n_probs", count);
            writer.WriteNumber("temperature", 0);
            writer.WriteBoolean("cache_prompt", false);
            writer.WriteBoolean("stream", false);
        });
        return Extract<IReadOnlyDictionary<int, double>>(await CallAsync(HttpMethod.Post, "completion", body, SlotLimit, cancellationToken).ConfigureAwait(false), "the answer to the logit probe", static root =>
            root.GetProperty("completion_probabilities")[0].GetProperty("top_logprobs").EnumerateArray().ToDictionary(static e => e.GetProperty("id").GetInt32(), static e => e.GetProperty("logprob").GetDouble()) is { Count: > 0 } found ? found : null);
    }

    /// <summary>
    /// Evaluates tokens in a slot and generates nothing. Streamed with progress, the only form whose cancelling the server
    /// notices within one batch; cancel the token to stop, what was computed stays in the slot.
    /// </summary>
    /// <param name="tokens">The prompt.</param>
    /// <param name="slot">The slot to use, or null to let the server choose.</param>
    /// <param name="progress">Called with (cached, processed, total) tokens after every batch.</param>
    /// <param name="cancellationToken">Stops the evaluation.</param>
    public async Task<BackendAnswer<EvaluationResult>> EvaluateAsync(int[] tokens, int? slot, Action<int, int, int> progress, CancellationToken cancellationToken)
    {
        var body = Write(writer =>
        {
            writer.WriteStartArray("prompt");
            foreach (var token in tokens)
                writer.WriteNumberValue(token);
            writer.WriteEndArray();
            writer.WriteNumber("n_predict", 0);
            writer.WriteBoolean("cache_prompt", true);
            writer.WriteBoolean("stream", true);
            writer.WriteBoolean("return_progress", true);
            if (slot is { } id)
                writer.WriteNumber("id_slot", id);
        });
        // Never over a pooled connection: after a stream the server closes it without a word.
        var reply = await _slow.SendAsync(() => Request(HttpMethod.Post, "completion", body), isRepeatable: false, Timeout.InfiniteTimeSpan, cancellationToken)
            .ConfigureAwait(false);
        if (reply.Failure is { } failure)
            return Failed<EvaluationResult>(failure, reply.Connection, "completion", Timeout.InfiniteTimeSpan, cancellationToken);
        using var response = reply.Response!;
        try
        {
            if (!response.IsSuccessStatusCode)
            {
                var error = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
                return new(null, (int)response.StatusCode, Message(error), null, reply.Connection);
            }

            using var events = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            var (result, problem) = await ReadEvaluationAsync(events, slot, progress, cancellationToken).ConfigureAwait(false);
            return new(result, (int)response.StatusCode, result is null ? problem ?? "the evaluation ended without its last event" : null, null, reply.Connection);
        }
        catch (Exception e) when (TransportFailure.Of(e, cancellationToken, cancellationToken) is { } broken)
        {
            return Failed<EvaluationResult>(broken, reply.Connection, "completion", Timeout.InfiniteTimeSpan, cancellationToken);
        }
        catch (Exception e) when (IsShape(e))
        {
            return new(null, 0, e.Message, TransportFault.Malformed, reply.Connection);
        }
    }

    private static async Task<(EvaluationResult? Result, string? Problem)> ReadEvaluationAsync(
        Stream events, int? slot, Action<int, int, int> progress, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(events, Encoding.UTF8);
        EvaluationResult? result = null;
        string? problem = null;
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (line.StartsWith("error:", StringComparison.Ordinal))
                problem = Message(Encoding.UTF8.GetBytes(line[6..]));
            if (!line.StartsWith("data: {", StringComparison.Ordinal))
                continue;
            using var data = JsonDocument.Parse(line.AsMemory(6));
            var root = data.RootElement;
            if (root.TryGetProperty("error", out var error))
                problem = error.TryGetProperty("message", out var message) ? message.GetString() : error.GetRawText();
            if (root.TryGetProperty("prompt_progress", out var step))
                progress(step.GetProperty("cache").GetInt32(), step.GetProperty("processed").GetInt32(), step.GetProperty("total").GetInt32());
            if (root.TryGetProperty("timings", out var timings))
            {
                result = new EvaluationResult(
                    root.TryGetProperty("id_slot", out var used) && used.TryGetInt32(out var usedId) && usedId >= 0 ? usedId : slot,
                    timings.GetProperty("cache_n").GetInt32(),
                    timings.GetProperty("prompt_n").GetInt32());
            }
        }

        return (result, problem);
    }

    /// <summary>Whether slots can be saved: a name that no server accepts is refused as a name where they can, and as an action where they cannot.</summary>
    public async Task<bool> CanSaveSlotsAsync(CancellationToken cancellationToken)
    {
        var answer = await CallAsync(HttpMethod.Post, "slots/0?action=save", "{\"filename\":\"../bioproxy\"}"u8.ToArray(), SlotLimit, cancellationToken).ConfigureAwait(false);
        answer.Value?.Dispose();
        return answer.Status == 400;
    }

    public void Dispose()
    {
        _quick.Dispose();
        _slow.Dispose();
    }

    /// <summary>The hash under which long texts are compared in facts.</summary>
    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));

    private async Task<BackendAnswer<SlotFileResult>> SlotFileAsync(int slot, string action, string fileName, string tokensName, string bytesName, string timeName, CancellationToken cancellationToken)
    {
        var body = Write(writer => writer.WriteString("filename", fileName));
        var answer = await CallAsync(HttpMethod.Post, Invariant($"slots/{slot}?action={action}"), body, SlotLimit, cancellationToken).ConfigureAwait(false);
        return Extract(answer, $"the answer to {action}", root => new SlotFileResult(
            root.GetProperty(tokensName).GetInt32(),
            root.TryGetProperty(bytesName, out var size) ? size.GetInt64() : 0,
            TimeSpan.FromMilliseconds(root.TryGetProperty("timings", out var timings) && timings.TryGetProperty(timeName, out var time) ? time.GetDouble() : 0)));
    }

    /// <summary>Takes a value out of an answer; one of another shape is a failure like others, not an exception.</summary>
    private static BackendAnswer<T> Extract<T>(BackendAnswer<JsonDocument> answer, string what, Func<JsonElement, T?> take)
        where T : class
    {
        using var document = answer.Value;
        if (document is null)
            return answer.As<T>();
        try
        {
            if (take(document.RootElement) is { } value)
                return new(value, answer.Status, null, null, answer.Connection);
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException or ArgumentException or OverflowException)
        {
            // not the shape that was measured
        }

        return new(null, answer.Status, $"{what} is not what llama-server sends", null, answer.Connection);
    }

    private async Task<BackendAnswer<JsonDocument>> CallAsync(
        HttpMethod method, string path, ReadOnlyMemory<byte>? body, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(limit);
        var pool = limit > QuickLimit ? _slow : _quick;
        var reply = await pool.SendAsync(() => Request(method, path, body), isRepeatable: true, limit, cancellationToken).ConfigureAwait(false);
        if (reply.Failure is { } failure)
            return Failed<JsonDocument>(failure, reply.Connection, path, limit, cancellationToken);
        using var response = reply.Response!;
        try
        {
            var bytes = await response.Content.ReadAsByteArrayAsync(late.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode
                ? new(JsonDocument.Parse(bytes), (int)response.StatusCode, null, null, reply.Connection)
                : new(null, (int)response.StatusCode, Message(bytes), null, reply.Connection);
        }
        catch (JsonException)
        {
            return new(null, (int)response.StatusCode, $"the answer to /{path} is not JSON", null, reply.Connection);
        }
        catch (Exception e) when (TransportFailure.Of(e, cancellationToken, late.Token) is { } broken)
        {
            return Failed<JsonDocument>(broken, reply.Connection, path, limit, cancellationToken);
        }
    }

    /// <summary>A failure of the transport as a value; the caller's own cancelling is thrown, as everywhere.</summary>
    private static BackendAnswer<T> Failed<T>(TransportFailure failure, ConnectionUse connection, string path, TimeSpan limit, CancellationToken cancellationToken)
        where T : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        var problem = failure.Fault == TransportFault.AnswerTimedOut ? $"no answer to /{path} within {limit.TotalSeconds:0} s" : failure.Detail;
        return new(null, 0, problem, failure.Fault, connection);
    }

    private HttpRequestMessage Request(HttpMethod method, string path, ReadOnlyMemory<byte>? body)
    {
        var request = new HttpRequestMessage(method, new Uri(_base, path));
        request.Headers.Authorization = _authorization;
        if (body is { } bytes)
        {
            request.Content = new ReadOnlyMemoryContent(bytes);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        return request;
    }

    private static bool IsShape(Exception e) => e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException;

    /// <summary>The message inside an error body, or its beginning.</summary>
    private static string Message(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.TryGetProperty("error", out var error))
                return error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out var message) ? message.ToString() : error.ToString();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // not the shape of an error: show its beginning instead
        }

        return Encoding.UTF8.GetString(body.Span[..Math.Min(200, body.Length)]);
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
