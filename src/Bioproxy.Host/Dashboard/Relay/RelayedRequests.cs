using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Admin;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Dashboard.Relay;

/// <summary>
/// Answers what another proxy of the cluster asks for a page that it serves, from the endpoints that this proxy's own page uses. The other
/// proxy has decided who may ask; this one decides what: <see cref="RelayedRoutes"/>.
/// </summary>
/// <param name="endpoints">Answers a request to this proxy's admin listener. It does not relay, so that no request goes round.</param>
/// <param name="logger">Changes that another proxy asked for are logged.</param>
internal sealed partial class RelayedRequests(Func<HttpContext, Task> endpoints, ILogger<RelayedRequests> logger)
{
    /// <summary>The longest answer; a list of all snapshots is the largest.</summary>
    public const int LongestAnswer = 8 * 1024 * 1024;

    private readonly ILogger<RelayedRequests> _logger = logger;

    public async Task<AdminReply> AnswerAsync(AdminRequest request, CancellationToken cancellationToken)
    {
        if (!RelayedRoutes.Allow(request.Method, request.Path))
            return Error(StatusCodes.Status404NotFound, "not_relayed", "Another proxy may not ask this.");
        if (HttpMethods.IsPost(request.Method))
            LogAsked(request.Proxy, request.Path);
        var http = new DefaultHttpContext { RequestAborted = cancellationToken };
        (http.Request.Method, http.Request.Path) = (request.Method, request.Path);
        (http.Request.QueryString, http.Request.ContentType) = (new QueryString(request.Query), request.ContentType);
        (http.Request.Body, http.Request.ContentLength) = (new MemoryStream(request.Body, writable: false), request.Body.Length);
        using var body = new MemoryStream();
        http.Response.Body = body;
        await endpoints(http).ConfigureAwait(false);
        if (body.Length > LongestAnswer)
        {
            return Error(
                StatusCodes.Status502BadGateway, "answer_too_long", "The answer is too long to be relayed: open the proxy's own page.");
        }

        return new AdminReply { Status = http.Response.StatusCode, ContentType = http.Response.ContentType, Body = body.ToArray() };
    }

    private static AdminReply Error(int status, string code, string message) =>
        new() { Status = status, ContentType = AdminRelay.Json, Body = AdminJson.Error(code, message).ToArray() };

    [LoggerMessage(LogLevel.Information, "An operator at the admin port of proxy {Proxy} asked for {Path} here.")]
    private partial void LogAsked(string proxy, string path);
}
