using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Bioproxy.Host.Http;

namespace Bioproxy.Host.Backends.Drivers;

/// <summary>
/// Control calls to one backend as JSON over HTTP. Failures are values; only the caller's own cancelling is thrown. Calls that wait for the
/// model's loop have connections of their own, so that they cannot hold up those that are answered at once; so has everything that streams.
/// </summary>
internal sealed class ControlCalls : IDisposable
{
    /// <summary>For calls that a server answers without its model.</summary>
    public static readonly TimeSpan QuickLimit = TimeSpan.FromSeconds(10);

    /// <summary>For calls that wait on the model's one loop behind a running batch (9 s were seen), or for a model to load.</summary>
    public static readonly TimeSpan SlowLimit = TimeSpan.FromMinutes(2);

    private readonly BackendPool _quick;
    private readonly BackendPool _slow;
    private readonly Uri _base;
    private readonly AuthenticationHeaderValue? _authorization;

    private readonly IModelAddress? _model;
    private readonly string? _turn;

    /// <param name="backend">The server's address.</param>
    /// <param name="connectTimeout">The longest wait for a connection.</param>
    /// <param name="apiKey">The key; null for none.</param>
    /// <param name="model">Names the model that is meant; null where the server has one.</param>
    public ControlCalls(Uri backend, TimeSpan connectTimeout, string? apiKey, IModelAddress? model = null)
    {
        _model = model;
        var (root, socket) = BackendAddress.Of(backend);
        _quick = new BackendPool(connectTimeout, mostConnections: 4, socket);
        _slow = new BackendPool(connectTimeout, socket: socket);
        _base = root.AbsoluteUri.EndsWith('/') ? root : new Uri(root.AbsoluteUri + "/");
        _authorization = apiKey is null ? null : new AuthenticationHeaderValue("Bearer", apiKey);
    }

    /// <param name="calls">Whose connections these calls use, and keep after them.</param>
    /// <param name="turn">The turn under which the proxy at the address passes them on.</param>
    private ControlCalls(ControlCalls calls, string turn)
    {
        (_quick, _slow, _base, _authorization, _model) = (calls._quick, calls._slow, calls._base, calls._authorization, calls._model);
        _turn = turn;
    }

    /// <summary>The same calls through another proxy, which asks for a turn. They are not disposed.</summary>
    public ControlCalls Under(string turn) => new(this, turn);

    /// <summary>A call that is answered at once.</summary>
    public Task<BackendAnswer<JsonDocument>> GetAsync(string path, CancellationToken cancellationToken) =>
        CallAsync(HttpMethod.Get, path, null, QuickLimit, cancellationToken);

    /// <summary>A call whose answer may take up to <paramref name="limit"/>.</summary>
    /// <param name="method">GET or POST.</param>
    /// <param name="path">Relative to the backend's address.</param>
    /// <param name="body">JSON; null for none.</param>
    /// <param name="limit">The longest wait for the whole answer.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<BackendAnswer<JsonDocument>> CallAsync(
        HttpMethod method, string path, ReadOnlyMemory<byte>? body, TimeSpan limit, CancellationToken cancellationToken)
    {
        var pool = limit > QuickLimit ? _slow : _quick;
        return AskAsync(pool, method, path, body, limit, static bytes => JsonDocument.Parse(bytes), longest: null, cancellationToken);
    }

    /// <summary>A page of text, which waits for the model's loop.</summary>
    /// <param name="path">Relative to the backend's address.</param>
    /// <param name="longest">The most bytes; a longer page is a failure.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task<BackendAnswer<string>> GetTextAsync(string path, int longest, CancellationToken cancellationToken) => AskAsync(
        _slow, HttpMethod.Get, path, null, QuickLimit, Encoding.UTF8.GetString, longest, cancellationToken);

    /// <summary>A call that is answered by a stream; never over a pooled connection, because the server closes it after the stream without
    /// a word.</summary>
    /// <param name="path">Relative to the backend's address.</param>
    /// <param name="body">JSON, which is posted; null for a GET.</param>
    /// <param name="read">Reads the answer's body; what does not have the expected shape may throw.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<BackendAnswer<T>> StreamAsync<T>(
        string path,
        ReadOnlyMemory<byte>? body,
        Func<Stream, CancellationToken, Task<(T? Value, string? Problem)>> read,
        CancellationToken cancellationToken)
        where T : class
    {
        var reply = await _slow.SendAsync(
            () => Request(body is null ? HttpMethod.Get : HttpMethod.Post, path, body),
            isRepeatable: false,
            Timeout.InfiniteTimeSpan,
            cancellationToken).ConfigureAwait(false);
        if (reply.Failure is { } failure)
            return Failed<T>(failure, reply.Connection, path, Timeout.InfiniteTimeSpan, cancellationToken);
        using var response = reply.Response!;
        try
        {
            if (!response.IsSuccessStatusCode)
            {
                var error = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
                return new(null, (int)response.StatusCode, ErrorText(error), null, reply.Connection);
            }

            using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            var (value, problem) = await read(stream, cancellationToken).ConfigureAwait(false);
            return new(
                value,
                (int)response.StatusCode,
                value is null ? problem ?? "the stream ended without its last event" : null,
                null,
                reply.Connection);
        }
        catch (Exception e) when (IsShape(e))
        {
            return new(null, 0, e.Message, TransportFault.Malformed, reply.Connection);
        }
        catch (Exception e) when (TransportFailure.Of(e, cancellationToken, cancellationToken) is { } broken)
        {
            return Failed<T>(broken, reply.Connection, path, Timeout.InfiniteTimeSpan, cancellationToken);
        }
    }

    /// <summary>Takes a value out of an answer; one of another shape is a failure like others, not an exception.</summary>
    public static BackendAnswer<T> Extract<T>(BackendAnswer<JsonDocument> answer, string what, Func<JsonElement, T?> take)
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
        catch (Exception e) when (IsShape(e) || e is IndexOutOfRangeException or ArgumentException or OverflowException)
        {
            // not the shape that was measured
        }

        return new(null, answer.Status, $"{what} is not what the server is known to send", null, answer.Connection);
    }

    /// <summary>The message inside an error body, or the start of the body.</summary>
    public static string ErrorText(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.TryGetProperty("error", out var error))
                return error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out var message)
                    ? message.ToString()
                    : error.ToString();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // not the shape of an error: show the start of it instead
        }

        return Encoding.UTF8.GetString(body.Span[..Math.Min(200, body.Length)]);
    }

    public void Dispose()
    {
        _quick.Dispose();
        _slow.Dispose();
    }

    /// <summary>A call whose whole answer is read; what does not have the expected shape may throw a <see cref="JsonException"/>.</summary>
    private async Task<BackendAnswer<T>> AskAsync<T>(
        BackendPool pool,
        HttpMethod method,
        string path,
        ReadOnlyMemory<byte>? body,
        TimeSpan limit,
        Func<byte[], T> read,
        int? longest,
        CancellationToken cancellationToken)
        where T : class
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(limit);
        var reply = await pool.SendAsync(() => Request(method, path, body), isRepeatable: true, limit, cancellationToken)
            .ConfigureAwait(false);
        if (reply.Failure is { } failure)
            return Failed<T>(failure, reply.Connection, path, limit, cancellationToken);
        using var response = reply.Response!;
        try
        {
            if (longest is { } most)
                await response.Content.LoadIntoBufferAsync(most, late.Token).ConfigureAwait(false);
            var bytes = await response.Content.ReadAsByteArrayAsync(late.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode
                ? new(read(bytes), (int)response.StatusCode, null, null, reply.Connection)
                : new(null, (int)response.StatusCode, ErrorText(bytes), null, reply.Connection);
        }
        catch (JsonException)
        {
            return new(null, (int)response.StatusCode, $"the answer to /{path} is not JSON", null, reply.Connection);
        }
        catch (HttpRequestException e) when (longest is not null && e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return new(null, (int)response.StatusCode, $"the answer to /{path} is too long", null, reply.Connection);
        }
        catch (Exception e) when (TransportFailure.Of(e, cancellationToken, late.Token) is { } broken)
        {
            return Failed<T>(broken, reply.Connection, path, limit, cancellationToken);
        }
    }

    private static bool IsShape(Exception e) => e is JsonException or KeyNotFoundException or FormatException or InvalidOperationException;

    /// <summary>A failure of the transport as a value; the caller's own cancelling is thrown, as everywhere.</summary>
    private static BackendAnswer<T> Failed<T>(
        TransportFailure failure, ConnectionUse connection, string path, TimeSpan limit, CancellationToken cancellationToken)
        where T : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        var problem = failure.Fault == TransportFault.AnswerTimedOut
            ? $"no answer to /{path} within {limit.TotalSeconds:0} s"
            : failure.Detail;
        return new(null, 0, problem, failure.Fault, connection);
    }

    private HttpRequestMessage Request(HttpMethod method, string path, ReadOnlyMemory<byte>? body)
    {
        var request = new HttpRequestMessage(method, new Uri(_base, _model?.Path(path) ?? path));
        request.Headers.Authorization = _authorization;
        if (_turn is not null)
            request.Headers.TryAddWithoutValidation(TurnHeaders.Turn, _turn);
        if (body is { } bytes)
        {
            request.Content = new ReadOnlyMemoryContent(_model?.Body(bytes) ?? bytes);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        return request;
    }
}
