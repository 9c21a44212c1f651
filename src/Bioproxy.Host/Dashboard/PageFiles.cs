using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Bioproxy.Host.Dashboard;

/// <summary>The files of the page, embedded in the program.</summary>
internal sealed class PageFiles
{
    private const string Root = "wwwroot/";

    /// <summary>Nothing but the page's own files, and no other page shows it in a frame: stricter than the guard's policy, which lets pages
    /// have styles of their own.</summary>
    private const string Policy =
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

    private readonly FrozenDictionary<string, PageFile> _files = Read();

    /// <summary>The page itself.</summary>
    public PageFile Index => _files["index.html"];

    public PageFile? Find(string name) => _files.GetValueOrDefault(name);

    public static async Task WriteAsync(HttpContext http, PageFile file)
    {
        var (request, response) = (http.Request, http.Response);
        response.Headers.ETag = file.Tag;
        response.Headers.CacheControl = "no-cache"; // asked for again after an update of the program
        response.Headers.ContentSecurityPolicy = Policy;
        if (request.Headers.IfNoneMatch.Contains(file.Tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = file.ContentType;
        response.ContentLength = file.Bytes.Length;
        if (!HttpMethods.IsHead(request.Method))
            await response.Body.WriteAsync(file.Bytes, http.RequestAborted).ConfigureAwait(false);
    }

    private static FrozenDictionary<string, PageFile> Read()
    {
        var assembly = typeof(PageFiles).Assembly;
        var files = new Dictionary<string, PageFile>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Root, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\"").ToString();
            files[name[Root.Length..]] = new PageFile(bytes, TypeOf(name), tag);
        }

        return files.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
}
