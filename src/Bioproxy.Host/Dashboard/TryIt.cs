using Bioproxy.Host.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bioproxy.Host.Dashboard;

/// <summary>Lets the page chat: a request below <c>/try</c> goes the way of any client's, without what belongs to the admin port.</summary>
internal sealed class TryIt(ClientEntry clients)
{
    private const string Start = "/try";

    /// <summary>The only paths that the page needs.</summary>
    private static readonly string[] Allowed = ["/v1/chat/completions", "/v1/models"];

    /// <summary>The page's own headers are not the backend's business.</summary>
    private static readonly string[] Kept = ["Accept", "Content-Type", "Content-Length", "Transfer-Encoding", "Host", "User-Agent"];

    public static bool IsMeant(string asked) =>
        asked.StartsWith(Start, StringComparison.Ordinal) && Allowed.Contains(asked[Start.Length..]);

    public Task HandleAsync(HttpContext http)
    {
        var request = http.Request;
        var key = request.Headers["X-Bioproxy-Key"].ToString();
        foreach (var name in request.Headers.Keys.Except(Kept, StringComparer.OrdinalIgnoreCase).ToList())
            request.Headers.Remove(name);
        if (key.Length > 0)
            request.Headers.Authorization = $"Bearer {key}";
        var target = request.Path.Value![Start.Length..];
        request.Path = target;
        if (http.Features.Get<IHttpRequestFeature>() is { } sent)
            sent.RawTarget = target; // what is forwarded
        return clients.HandleAsync(http);
    }
}
