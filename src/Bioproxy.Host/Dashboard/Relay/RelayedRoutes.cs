using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Dashboard.Relay;

/// <summary>What may be asked of another proxy's admin listener: what the views and actions of the page ask, and nothing else. Chats, the
/// token, the login, metrics and the relay itself are not among it. Both proxies look here.</summary>
internal static class RelayedRoutes
{
    private static readonly string[] Reads = ["/live", "/requests", "/savings", "/status", "/misses", "/kv"];
    private static readonly string[] ReadsOfOne = ["/explain/", "/kv/", "/logs/"];

    private static readonly string[] Changes =
        ["/kv/drop", "/kv/gc", "/kv/pin", "/plugins/reload", "/requests/cancel", "/templates/warm"];

    /// <param name="method">The method; HEAD is not among those that the page uses.</param>
    /// <param name="path">A path of the admin listener, without a query.</param>
    public static bool Allow(string method, string path) =>
        HttpMethods.IsGet(method) ? Reads.Contains(path) || ReadsOfOne.Any(start => IsBelow(path, start))
        : HttpMethods.IsPost(method) && (Changes.Contains(path) || IsOfAModel(path));

    private static bool IsOfAModel(string path) => IsBelow(path, "/models/")
        && (path.EndsWith("/load", StringComparison.Ordinal) || path.EndsWith("/unload", StringComparison.Ordinal));

    private static bool IsBelow(string path, string start) =>
        path.Length > start.Length && path.StartsWith(start, StringComparison.Ordinal);
}
