using System.Text;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Security;

/// <summary>Asks a browser for the admin key.</summary>
internal static class LoginPage
{
    public const string Path = "/login";

    private const string Field = "key";

    /// <summary>A key, its name and the percent signs.</summary>
    private const int LongestForm = 4096;

    public static Task WriteAsync(HttpContext http, bool isRefused)
    {
        var problem = isRefused ? "<p role=\"alert\">That is not the admin key.</p>" : "";
        var page = Encoding.UTF8.GetBytes($$"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <meta name="color-scheme" content="light dark">
            <title>Bioproxy</title>
            <style>
            body { font: 1rem/1.5 system-ui, sans-serif; max-width: 24rem; margin: 15vh auto; padding: 0 1rem }
            input, button { font: inherit; padding: .4rem .6rem; box-sizing: border-box; width: 100%; margin: .4rem 0 }
            </style>
            </head>
            <body>
            <main>
            <h1>Bioproxy</h1>
            {{problem}}
            <form method="post" action="{{Path}}">
            <label for="key">The admin key (<code>admin_key</code>)</label>
            <input id="key" name="{{Field}}" type="password" autocomplete="current-password" required autofocus>
            <button>Log in</button>
            </form>
            </main>
            </body>
            </html>

            """);
        var response = http.Response;
        response.StatusCode = StatusCodes.Status401Unauthorized;
        response.ContentType = "text/html; charset=utf-8";
        response.ContentLength = page.Length;
        response.Headers.CacheControl = "no-store";
        return HttpMethods.IsHead(http.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(page, http.RequestAborted).AsTask();
    }

    /// <returns>The key in the form that was sent; null when that is not the form above.</returns>
    public static async Task<string?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!request.HasFormContentType || request.ContentLength is null or > LongestForm)
            return null;
        try
        {
            var form = await request.ReadFormAsync(cancellationToken).ConfigureAwait(false);
            return form[Field].ToString();
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return null;
        }
    }
}
