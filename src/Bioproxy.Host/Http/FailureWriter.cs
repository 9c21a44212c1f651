using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Bioproxy.Host.Http;

/// <summary>Writes a failure: an OpenAI error body while nothing was sent, a broken connection afterwards.</summary>
internal static class FailureWriter
{
    /// <summary>Ends the answer. An answer that has begun is never closed cleanly: the client must not take a part for the whole.</summary>
    /// <param name="to">Where the answer goes.</param>
    /// <param name="failure">The failure.</param>
    /// <param name="isWaitingStream">Only comments of an event stream have been sent: the failure becomes an event.</param>
    public static async Task WriteAsync(IAnswerSink to, ProxyFailure failure, bool isWaitingStream = false)
    {
        if (to.HasStarted && isWaitingStream && failure.Kind != FailureKind.ClientGone)
        {
            await WriteEventAsync(to, Body(failure)).ConfigureAwait(false);
            return;
        }

        if (to.HasStarted || failure.Kind == FailureKind.ClientGone)
        {
            to.Abort();
            return;
        }

        // The backend's headers may be there already; they do not describe this body.
        foreach (var name in to.Headers.Keys.Where(static n => !IsOurs(n)).ToList())
            to.Headers.Remove(name);
        to.StatusCode = failure.Status;
        to.Headers.ContentType = "application/json";
        if (failure.RetryAfter is { } wait)
            to.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var body = Body(failure);
        to.Headers.ContentLength = body.Length;
        await to.WriteAsync(body, to.Gone).ConfigureAwait(false);
        await to.CompleteAsync().ConfigureAwait(false);
    }

    /// <summary>Writes an error into an event stream, as llama-server does: OpenAI clients look for its <c>error</c> member.</summary>
    public static async Task WriteEventAsync(IAnswerSink to, ReadOnlyMemory<byte> error)
    {
        var line = new byte[error.Length + 8];
        "data: "u8.CopyTo(line);
        error.Span.CopyTo(line.AsSpan(6));
        line.AsSpan(6, error.Length).Replace((byte)'\n', (byte)' ');
        line.AsSpan()[^2..].Fill((byte)'\n');
        await to.WriteAsync(line, to.Gone).ConfigureAwait(false);
    }

    private static bool IsOurs(string header) =>
        header is "Connection" || header.StartsWith("X-Bioproxy-", StringComparison.OrdinalIgnoreCase);

    private static ReadOnlyMemory<byte> Body(ProxyFailure failure)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("error");
            writer.WriteString("message", failure.Message);
            writer.WriteString("type", failure.Type);
            writer.WriteNull("param");
            writer.WriteString("code", failure.Code);
            writer.WriteString("src", "bioproxy");
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
