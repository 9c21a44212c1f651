using System.Globalization;

namespace Bioproxy.Host.Http;

/// <summary>Writes a failure: an error body in the endpoint's protocol while nothing was sent, a broken connection afterwards.</summary>
internal static class FailureWriter
{
    /// <summary>Ends the answer. An answer that has begun is never closed cleanly: the client must not take a part for the whole.</summary>
    /// <param name="to">Where the answer goes.</param>
    /// <param name="failure">The failure.</param>
    /// <param name="form">The protocol.</param>
    /// <param name="isWaitingStream">The events of a stream are still whole: the failure becomes one.</param>
    public static async Task WriteAsync(
        IAnswerSink to, ProxyFailure failure, ErrorForm form = ErrorForm.OpenAi, bool isWaitingStream = false)
    {
        if (to.HasStarted && isWaitingStream && failure.Kind != FailureKind.ClientGone)
        {
            await to.WriteAsync(ErrorWriter.Events(ErrorDetail.Of(failure), form), to.Gone).ConfigureAwait(false);
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
        if (failure.Kind == FailureKind.KeyUnknown)
            to.Headers.WWWAuthenticate = "Bearer"; // not Basic: a browser would ask its user
        if (failure.RetryAfter is { } wait)
            to.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var body = ErrorWriter.Body(ErrorDetail.Of(failure), form);
        to.Headers.ContentLength = body.Length;
        await to.WriteAsync(body, to.Gone).ConfigureAwait(false);
        await to.CompleteAsync().ConfigureAwait(false);
    }

    private static bool IsOurs(string header) =>
        header is "Connection" || header.StartsWith("X-Bioproxy-", StringComparison.OrdinalIgnoreCase);
}
