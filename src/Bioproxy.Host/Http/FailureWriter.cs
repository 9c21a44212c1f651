using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Http;

/// <summary>Tells the client of a failure: the OpenAI error body while nothing was sent, a broken connection afterwards.</summary>
internal static class FailureWriter
{
    /// <summary>Ends the response. A response that has begun is never closed cleanly: the client must not take a part for the whole.</summary>
    public static async Task WriteAsync(HttpContext http, ProxyFailure failure)
    {
        var response = http.Response;
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
