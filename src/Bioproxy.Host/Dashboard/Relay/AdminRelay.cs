using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Admin;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Dashboard.Relay;

/// <summary>
/// Lets one page show and operate every proxy of the cluster: <c>/cluster/{proxy}/…</c> is what that proxy answers to <c>/…</c>. Whoever
/// may use the admin port of one proxy may use that of all. They have passed the guard of this port, which checks key or session, host and
/// anti-forgery token; none of their headers, cookies or keys goes to the other proxy. Chats (Try it) are not relayed: they carry keys and
/// prompts, and any proxy serves them.
/// </summary>
/// <param name="cluster">The way to the other proxies.</param>
/// <param name="feeds">Live state of other proxies.</param>
/// <param name="own">Answers what is asked of this proxy itself.</param>
internal sealed class AdminRelay(ICluster cluster, RelayedFeeds feeds, Func<HttpContext, Task> own)
{
    public const string Json = "application/json";

    private const string Start = "/cluster/";

    /// <summary>Parameters are in the query; the page sends <c>{}</c>.</summary>
    private const int LongestBody = 64 * 1024;

    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(10);

    /// <summary>Loading a model is the slowest; the other proxy goes on loading it when this one has given up.</summary>
    private static readonly TimeSpan ChangeLimit = TimeSpan.FromMinutes(5);

    /// <summary>What a browser does not run, whatever another proxy sends.</summary>
    private static readonly string[] ContentTypes = [Json, "text/plain; charset=utf-8"];

    public Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "";
        if (!path.StartsWith(Start, StringComparison.Ordinal) || path.IndexOf('/', Start.Length) is not (> 0 and var end))
            return own(http);
        var (proxy, asked) = (path[Start.Length..end], path[end..]);
        if (asked == "/events" && HttpMethods.IsGet(http.Request.Method))
            return feeds.StreamAsync(proxy, http);
        if (!RelayedRoutes.Allow(http.Request.Method, asked))
        {
            return AdminEndpoints.WriteErrorAsync(
                http, StatusCodes.Status404NotFound, "not_relayed",
                "Only what the dashboard shows and does can be asked of another proxy. Ask its own admin port.");
        }

        return cluster.Proxies.Contains(proxy) ? AskAsync(http, proxy, asked) : AdminEndpoints.WriteErrorAsync(
            http, StatusCodes.Status404NotFound, "proxy_not_found", $"There is no proxy {proxy} in the cluster. GET /cluster lists them.");
    }

    private async Task AskAsync(HttpContext http, string proxy, string path)
    {
        var sent = http.Request;
        if (await ReadAsync(sent.Body, http.RequestAborted).ConfigureAwait(false) is not { } body)
        {
            await AdminEndpoints.WriteErrorAsync(
                http, StatusCodes.Status413PayloadTooLarge, "body_too_large",
                $"At most {LongestBody / 1024} KiB are relayed to another proxy.").ConfigureAwait(false);
            return;
        }

        var limit = HttpMethods.IsGet(sent.Method) ? ReadLimit : ChangeLimit;
        var request = new AdminRequest
        {
            Proxy = cluster.Name,
            Method = sent.Method,
            Path = path,
            Query = sent.QueryString.Value ?? "",
            ContentType = sent.ContentType,
            Body = body,
        };
        if (await cluster.AskAsync(proxy, request, limit, http.RequestAborted).ConfigureAwait(false) is not { } reply)
        {
            await AdminEndpoints.WriteErrorAsync(
                http, StatusCodes.Status504GatewayTimeout, "proxy_not_reachable",
                $"Proxy {proxy} did not answer within {limit.TotalSeconds:0} s, or left the cluster.").ConfigureAwait(false);
            return;
        }

        var type = Array.Find(ContentTypes, type => type == reply.ContentType) ?? "application/octet-stream";
        await AdminEndpoints.WriteAsync(http, reply.Status, type, reply.Body).ConfigureAwait(false);
    }

    /// <returns>Null when it is too long.</returns>
    private static async Task<byte[]?> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        using var read = new MemoryStream();
        var buffer = new byte[4096];
        while (await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
        {
            if (read.Length + count > LongestBody)
                return null;
            read.Write(buffer, 0, count);
        }

        return read.ToArray();
    }
}
