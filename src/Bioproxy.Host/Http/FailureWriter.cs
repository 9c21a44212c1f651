using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Http;

/// <summary>Tells the client of a failure: the OpenAI error body while nothing was sent, a broken connection afterwards.</summary>
internal static class FailureWriter
{
    /// <summary>Ends the response. A response that has begun is never closed cleanly: the client must not take a part for the whole.</summary>
    /// <param name="http">The exchange.</param>
    /// <param name="failure">What happened.</param>
    /// <param name="isWaitingStream">Only comments of an event stream were sent while it waited: the failure is told as an event.</param>
    public static async Task WriteAsync(HttpContext http, ProxyFailure failure, bool isWaitingStream = false)
    {
        var response = http.Response;
        if (response.HasStarted && isWaitingStream && failure.Kind != FailureKind.ClientGone)
        {
            await WriteEventAsync(http, Body(failure)).ConfigureAwait(false);
            return;
        }

        if (response.HasStarted || failure.Kind == FailureKind.ClientGone)
        {
            http.Abort();
            return;
        }

        // The backend's headers may be there already; they are not about this body.
        foreach (var name in response.Headers.Keys.Where(static n => n is not "Connection" && !n.StartsWith("X-Bioproxy-", StringComparison.OrdinalIgnoreCase)).ToList())
            response.Headers.Remove(name);
        response.StatusCode = failure.Status;
        response.ContentType = "application/json";
        if (failure.RetryAfter is { } wait)
            response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var body = Body(failure);
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, http.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Tells an error inside an event stream, as llama-server does: clients of the OpenAI API look for its <c>error</c> member.</summary>
    public static async Task WriteEventAsync(HttpContext http, ReadOnlyMemory<byte> error)
    {
        var line = new byte[error.Length + 8];
        "data: "u8.CopyTo(line);
        error.Span.CopyTo(line.AsSpan(6));
        line.AsSpan(6, error.Length).Replace((byte)'\n', (byte)' ');
        line.AsSpan()[^2..].Fill((byte)'\n');
        await http.Response.Body.WriteAsync(line, http.RequestAborted).ConfigureAwait(false);
    }

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
