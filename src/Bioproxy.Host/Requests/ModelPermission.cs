using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.Host.Routing;

namespace Bioproxy.Host.Requests;

/// <summary>Which models the key of a request may use (<c>models</c> of an entry of <c>api_keys</c>), and what it used.</summary>
internal static class ModelPermission
{
    /// <summary>Where a server told nothing, because the client left: what a token has on average.</summary>
    private const int BytesPerToken = 4;

    /// <summary>Whether the client's key may use some models only.</summary>
    public static bool IsLimited(Exchange exchange) => exchange.Key is { Key.Options.Models.Count: > 0 };

    /// <summary>Whether the client may use a model, by the name that it gives it; null for none.</summary>
    public static bool Allows(Exchange exchange, string? asked, ModelRouter router) => !IsLimited(exchange)
        || (exchange.Route.Name != "transcriptions" // the model of a form is a field that only the server reads
            && exchange.Key!.Key.Allows(asked, router.NameOf(asked)));

    /// <param name="exchange">The request.</param>
    /// <param name="asked">The model that it names; null for none.</param>
    /// <param name="router">Knows what serves it.</param>
    /// <returns>Null when it may go on.</returns>
    public static ProxyFailure? Refuse(Exchange exchange, string? asked, ModelRouter router)
    {
        if (Allows(exchange, asked, router))
            return null;
        var key = exchange.Key!.Key;
        var models = string.Join(", ", key.Options.Models);
        return new ProxyFailure(
            FailureKind.KeyForbids, $"The API key '{key.Name}' may not use the model '{asked ?? router.NameOf(null)}', only {models}.");
    }

    /// <summary>The tokens of a request that has ended.</summary>
    public static long TokensOf(PreparedRequest asked, PromptTimings? timings) =>
        timings is null ? asked.Body.Memory.Length / BytesPerToken : timings.PromptTokens + timings.GeneratedTokens;
}
