using System.Globalization;
using System.Text.Json;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Dashboard.History;
using Bioproxy.Host.Requests;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Dashboard;

/// <summary>The page and what it asks for. Everything else on the admin port is answered by <see cref="AdminEndpoints"/>, which the page
/// uses, too. Whoever comes here has passed the guard of the port, which also asks pages for their token.</summary>
internal sealed class DashboardEndpoints(
    AdminEndpoints admin,
    PageFiles files,
    LivePage live,
    LiveFeed feed,
    RequestHistory history,
    RequestJournal journal,
    DashboardActions actions)
{
    private const string Json = "application/json";

    public Task HandleAsync(HttpContext http)
    {
        var (request, path) = (http.Request, http.Request.Path.Value ?? "");
        var reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (TryIt.IsMeant(path))
            return actions.Try.HandleAsync(http);
        if (HttpMethods.IsPost(request.Method) && DashboardActions.IsMeant(path))
            return ChangeAsync(http, path);
        if (!reads)
            return admin.HandleAsync(http);
        return path switch
        {
            "/" when WantsPage(request) => PageFiles.WriteAsync(http, files.Index),
            "/live" => WriteAsync(http, live.Write),
            "/events" => feed.StreamAsync(http),
            "/requests" => WriteAsync(http, writer => RequestsPage.Write(writer, journal, After(request))),
            "/savings" => SavingsAsync(http),
            _ when path.StartsWith("/app/", StringComparison.Ordinal) && files.Find(path["/app/".Length..]) is { } file =>
                PageFiles.WriteAsync(http, file),
            _ => admin.HandleAsync(http),
        };
    }

    /// <summary>A browser asks for a page; <c>curl</c> gets the list of requests, as always.</summary>
    private static bool WantsPage(HttpRequest request) =>
        request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private static long After(HttpRequest request) =>
        long.TryParse(request.Query["after"], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var after)
            ? after
            : long.MinValue;

    private async Task ChangeAsync(HttpContext http, string path)
    {
        var answer = actions.Run(path, http.Request.Query);
        await AdminEndpoints.WriteAsync(http, answer.Status, Json, answer.Body).ConfigureAwait(false);
    }

    private async Task SavingsAsync(HttpContext http)
    {
        var window = SavingsWindow.Of(http.Request.Query["window"]);
        var report = await history.ReadAsync(window, http.RequestAborted).ConfigureAwait(false);
        await WriteAsync(http, writer => SavingsPage.Write(writer, report)).ConfigureAwait(false);
    }

    private static Task WriteAsync(HttpContext http, Action<Utf8JsonWriter> members) =>
        AdminEndpoints.WriteAsync(http, StatusCodes.Status200OK, Json, AdminJson.Document(members, isIndented: false));
}
