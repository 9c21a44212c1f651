using Bioproxy.Host.Http;
using Bioproxy.Host.Routing;
using Bioproxy.Host.Security;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Requests;

/// <summary>
/// The door of the clients' port: with <c>api_keys</c>, only a request with one of them takes the <see cref="RequestPath"/>. Whoever is let
/// in is known by the name of the key from here on, and nothing behind the door sees the key itself.
/// </summary>
internal sealed class ClientEntry(
    KeyRing keys, RequestPath path, ModelRouter router, FailureResponse failures, RequestReport report, TimeProvider time)
{
    private const string HowToSend = "Send one as \"Authorization: Bearer KEY\", as \"x-api-key: KEY\", or as the password of Basic.";

    private readonly CrossOrigin _crossOrigin = new(router, time);

    public Task HandleAsync(HttpContext http)
    {
        SessionCookie.RemoveFrom(http.Request.Headers);
        return keys.IsOpen || Admit(http) is not { } refusal ? path.HandleAsync(http) : RefuseAsync(http, refusal);
    }

    private ProxyFailure? Admit(HttpContext http)
    {
        var request = http.Request;
        var client = keys.Identify(request.Headers);
        var hasSent = client is not null || CredentialHeaders.AreIn(request.Headers);
        CredentialHeaders.RemoveFrom(request.Headers);
        if (client is null)
        {
            return IsForEverybody(request) ? null : new ProxyFailure(
                FailureKind.KeyUnknown,
                hasSent ? "This proxy does not know the API key that was sent." : $"This proxy asks for an API key. {HowToSend}");
        }

        http.Features.Set(client);
        if (!client.Key.Options.HasFullAccess && !Routes.IsForEveryKey(request))
        {
            return new ProxyFailure(
                FailureKind.KeyForbids,
                $"The API key '{client.Key.Name}' may not use {request.Method} {request.Path}, which concerns all clients or is not "
                + "known to the proxy (api_keys: full_access).");
        }

        return client.Key.Admit() is not var (limit, wait) ? null : new ProxyFailure(
            FailureKind.KeyLimit, $"The API key '{client.Key.Name}' has used up its {limit}.", wait);
    }

    /// <summary>What asks for nothing: whether the server is there, and whether a browser's page may ask.</summary>
    private static bool IsForEverybody(HttpRequest request) => CrossOrigin.IsPreflight(request)
        || (HttpMethods.IsGet(request.Method) && request.Path.Value is "/health" or "/v1/health" && !request.QueryString.HasValue);

    private async Task RefuseAsync(HttpContext http, ProxyFailure refusal)
    {
        var route = Routes.Of(http.Request);
        var exchange = new Exchange(OllamaPath.ClientOf(http, route), route, time.GetTimestamp());
        _crossOrigin.Watch(http, exchange);
        exchange.Header("X-Bioproxy-Request-Id", exchange.Id);
        await failures.WriteAsync(exchange, refusal).ConfigureAwait(false);
        report.Count(exchange);
    }
}
