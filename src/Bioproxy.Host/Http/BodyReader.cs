using System.Buffers;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Prompts;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Http;

/// <summary>Reads whole request bodies within the limits of one body, of all bodies together and of a client's pauses.</summary>
internal sealed class BodyReader(LiveOptions options, TimeProvider time)
{
    /// <summary>Some of the requests in memory have been answered by then.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public BodyBudget Budget { get; } = new(() => options.Current.MaxQueuedBytes);

    /// <summary>Reads the body to its end. Only then does the server notice a client that leaves while its request waits.</summary>
    public async ValueTask<(PooledBody? Body, ProxyFailure? Failure)> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.Headers.ContentEncoding.Any(static encoding => encoding is { Length: > 0 } && !IsIdentity(encoding)))
            return (null, Encoded(request.Headers.ContentEncoding.ToString()));
        if (request.ContentLength > options.Current.MaxBodyBytes)
            return (null, TooLarge());
        var body = new PooledBody(Budget, request.ContentLength);
        var isRead = false;
        try
        {
            var failure = await FillAsync(body, request, cancellationToken).ConfigureAwait(false);
            isRead = failure is null;
            return (isRead ? body : null, failure);
        }
        catch (Exception e) when (FailureOf(e) is { } failure)
        {
            return (null, failure);
        }
        finally
        {
            if (!isRead)
                body.Dispose();
        }
    }

    /// <summary>llama-server makes a prompt of the fields of a form, too. No plugin could edit it there, so it is refused.</summary>
    /// <returns>Null when the body is not a form.</returns>
    public static ProxyFailure? RefuseForm(HttpRequest request) =>
        request.Headers.ContentType.Any(static type => type?.Contains("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true)
            ? new(FailureKind.ClientBodyForm, "A form (multipart/form-data) cannot be a prompt here; send it as JSON.")
            : null;

    /// <summary>Why a prompt that plugins cannot see is refused.</summary>
    public static ProxyFailure Unreadable(PooledBody body) =>
        new(FailureKind.ClientBodyInvalid, $"The request's body cannot be read: {PromptBody.ProblemOf(body.Json.Span)}.");

    /// <summary>A body of a copy of bytes that are here already.</summary>
    public (PooledBody? Body, ProxyFailure? Failure) Copy(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > options.Current.MaxBodyBytes)
            return (null, TooLarge());
        var body = new PooledBody(Budget, bytes.Length);
        if (body.TryAppend(new ReadOnlySequence<byte>(bytes)))
            return (body, null);
        body.Dispose();
        return (null, MemoryFull());
    }

    /// <summary>What an exception says of the client that was sending a body.</summary>
    /// <returns>Null for a bug, which must be thrown on.</returns>
    public static ProxyFailure? FailureOf(Exception exception) => exception switch
    {
        BadHttpRequestException { StatusCode: not 408 } bad =>
            new(FailureKind.ClientBodyBroken, $"The request's body did not arrive whole: {bad.Message}"),
        OperationCanceledException or ConnectionResetException or IOException =>
            new(FailureKind.ClientGone, "The client left while it was sending."),
        _ => null,
    };

    /// <summary>The failure of a client that paused for too long.</summary>
    public static ProxyFailure Paused(TimeSpan limit) => new(
        FailureKind.ClientBodyTimedOut,
        $"The request's body paused for more than {limit.TotalSeconds:0.###} s (timeouts.request_body_seconds).");

    private async ValueTask<ProxyFailure?> FillAsync(PooledBody body, HttpRequest request, CancellationToken cancellationToken)
    {
        var reader = request.BodyReader;
        ReadPause? pause = null;
        try
        {
            while (true)
            {
                var reading = reader.ReadAsync(cancellationToken);
                if (!reading.IsCompleted && options.Current.RequestBodyTimeout > TimeSpan.Zero)
                    (pause ??= new ReadPause(reader, options.Current.RequestBodyTimeout, time)).Begin();
                var read = await reading.ConfigureAwait(false);
                var isLate = pause?.End(read) == true;
                var isTooLarge = body.Length + read.Buffer.Length > options.Current.MaxBodyBytes;
                var hasRoom = !isLate && !isTooLarge && body.TryAppend(read.Buffer);
                reader.AdvanceTo(read.Buffer.End);
                if (!hasRoom)
                    return isLate ? Paused(options.Current.RequestBodyTimeout) : isTooLarge ? TooLarge() : MemoryFull();
                if (read.IsCompleted)
                    return null;
            }
        }
        finally
        {
            pause?.Dispose();
        }
    }

    private static bool IsIdentity(string encoding) => encoding.Trim().Equals("identity", StringComparison.OrdinalIgnoreCase);

    private static ProxyFailure Encoded(string encoding) => new(
        FailureKind.ClientBodyEncoded, $"Content-Encoding '{encoding}' is not supported; send the body as plain JSON.");

    private ProxyFailure TooLarge() => new(
        FailureKind.ClientBodyTooLarge,
        $"The request's body is larger than {options.Current.MaxBodyBytes} bytes. "
        + "The limit is limits.max_body_bytes in the proxy's configuration.");

    private ProxyFailure MemoryFull() => new(
        FailureKind.MemoryFull,
        $"Waiting requests use up the {Budget.Limit} bytes for request bodies (limits.max_queued_bytes). Try again later.",
        RetryAfter);
}
