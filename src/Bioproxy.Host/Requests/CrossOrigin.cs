using System.Collections.Concurrent;
using Bioproxy.Host.Http;
using Bioproxy.Host.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Bioproxy.Host.Requests;

/// <summary>
/// What the pages of other origins need. An answer that the proxy begins carries the headers that the backend's would have carried: without
/// them a browser hides it from its page, errors above all. The proxy's own headers are exposed, which browsers hide otherwise.
/// </summary>
internal sealed class CrossOrigin(ModelRouter router, TimeProvider time)
{
    private const int MaxRemembered = 256;
    private const string Prefix = "Access-Control-";

    /// <summary>A server in between may have other rules after a restart.</summary>
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LongestQuestion = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, (long At, IReadOnlyList<(string Name, StringValues Value)> Headers)> _known = new();

    /// <summary>Completes the headers of a request's answer before they are sent.</summary>
    public void Watch(HttpContext http, Exchange exchange)
    {
        if (http.Request.Headers.Origin.Count > 0)
            http.Response.OnStarting(() => CompleteAsync(http, exchange));
    }

    /// <summary>Whether a browser asks if its page may send a request.</summary>
    public static bool IsPreflight(HttpRequest request) => HttpMethods.IsOptions(request.Method)
        && request.Headers.Origin.Count > 0 && request.Headers.AccessControlRequestMethod.Count > 0;

    /// <summary>Answers a preflight that no backend could answer, as llama-server does: the page then gets to read why the request itself
    /// fails.</summary>
    public static async Task<ProxyFailure?> AnswerAsync(Exchange exchange, Task<ProxyFailure?> forwarded)
    {
        var failure = await forwarded.ConfigureAwait(false);
        if (failure is not { Kind: FailureKind.BackendUnreachable or FailureKind.BackendClosed or FailureKind.BackendTimedOut }
            || exchange.Answer.HasStarted)
            return failure;
        var headers = exchange.Answer.Headers;
        headers.AccessControlAllowCredentials = "true";
        headers.AccessControlAllowMethods = "GET, POST, DELETE, OPTIONS";
        headers.AccessControlAllowHeaders = "*";
        exchange.Status = exchange.Answer.StatusCode = StatusCodes.Status204NoContent;
        exchange.HasBackendHeaders = false;
        return null;
    }

    private async Task CompleteAsync(HttpContext http, Exchange exchange)
    {
        var headers = http.Response.Headers;
        if (!exchange.HasBackendHeaders)
        {
            foreach (var (name, value) in await OfBackendAsync(http.Request.Headers.Origin.ToString()).ConfigureAwait(false))
                headers.TryAdd(name, value);
        }

        var hidden = headers.Keys.Where(static name => name.StartsWith("X-Bioproxy-", StringComparison.OrdinalIgnoreCase)).ToList();
        if (headers.RetryAfter.Count > 0)
            hidden.Add("Retry-After");
        if (hidden.Count > 0)
            headers.Append("Access-Control-Expose-Headers", string.Join(", ", hidden));
    }

    /// <summary>The headers with which the backend answers this origin; asked for once in a while.</summary>
    private async ValueTask<IReadOnlyList<(string Name, StringValues Value)>> OfBackendAsync(string origin)
    {
        var isKnown = _known.TryGetValue(origin, out var known);
        if (isKnown && time.GetElapsedTime(known.At) < Lasts)
            return known.Headers;
        if (await AskAsync(origin).ConfigureAwait(false) is { } headers)
        {
            if (_known.Count >= MaxRemembered)
                _known.Clear(); // a client makes origins up
            _known[origin] = (time.GetTimestamp(), headers);
            return headers;
        }

        return isKnown ? known.Headers : [($"{Prefix}Allow-Origin", origin)]; // llama-server's default
    }

    /// <returns>Null when the backend does not answer.</returns>
    private async Task<IReadOnlyList<(string Name, StringValues Value)>?> AskAsync(string origin)
    {
        if (router.First(null) is not { } model)
            return null;
        using var limit = new CancellationTokenSource(LongestQuestion, time);
        var head = new RequestHead(HttpMethods.Get, "/health", new HeaderDictionary { ["Origin"] = origin });
        HttpResponseMessage? response;
        try
        {
            (response, _) = await model.Sender.SendAsync(head, null, isRepeatable: true, limit.Token).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            return null; // the proxy stops
        }

        if (response is null)
            return null;
        using (response)
        {
            await limit.CancelAsync().ConfigureAwait(false); // its body is not needed
            return
            [
                .. response.Headers.NonValidated
                    .Where(static header => header.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
                    .Select(static header => (header.Key, new StringValues([.. header.Value]))),
            ];
        }
    }
}
