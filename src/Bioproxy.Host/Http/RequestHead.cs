using System.Diagnostics;
using Bioproxy.Host.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bioproxy.Host.Http;

/// <summary>A request on its way to a backend, without its body.</summary>
/// <param name="Method">The method.</param>
/// <param name="Target">Path and query, escaped as the sender escaped them.</param>
/// <param name="Headers">The sender's headers; <see cref="HeaderRules"/> says which of them are passed on.</param>
internal readonly record struct RequestHead(string Method, string Target, IHeaderDictionary Headers)
{
    /// <summary>The key that the client was let in with, which is not in its headers any more; null where keys are not checked.</summary>
    public ClientKey? Key { get; init; }

    /// <summary>The span that the backend's own are to be part of; null where nothing is traced: the sender's headers then pass as they
    /// are.</summary>
    public Activity? Span { get; init; }

    /// <summary>The turn under which another proxy passes it on; null where the server is reached directly.</summary>
    public string? Turn { get; init; }

    /// <summary>The head of a client's request.</summary>
    public static RequestHead Of(HttpRequest request)
    {
        // The raw target keeps the client's own escapes; re-encoding a path would change it.
        var target = request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget;
        var pathAndQuery = target is ['/', ..]
            ? target
            : request.PathBase.ToUriComponent() + request.Path.ToUriComponent() + request.QueryString.ToUriComponent();
        return new RequestHead(request.Method, pathAndQuery, request.Headers)
        {
            Key = request.HttpContext.Features.Get<ClientKey>(),
        };
    }
}
