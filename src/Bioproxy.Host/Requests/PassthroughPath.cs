using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Bioproxy.Host.Requests;

/// <summary>The path of a request that occupies no slot. Of the steps of <see cref="RequestPath"/> it takes 1, 4 and 7.</summary>
internal sealed class PassthroughPath(ModelRouter router, ResponseStreamer streamer, ProxyOptions options, TimeProvider time)
{
    /// <summary>Forwards a client's request; its body passes as it comes.</summary>
    public async Task<ProxyFailure?> ForwardAsync(Exchange exchange, HttpRequest request)
    {
        var hasBody = request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0;
        var body = hasBody ? new ClientBodyContent(request, options, time) : null;
        Func<HttpContent>? make = body is null ? null : () => body;
        var failure = await ForwardAsync(exchange, RequestHead.Of(request), make, isRepeatable: !hasBody).ConfigureAwait(false);
        return failure is null ? null : body?.Failure ?? failure;
    }

    /// <summary>Forwards a request.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="head">Its head.</param>
    /// <param name="body">Makes its body; null for none.</param>
    /// <param name="isRepeatable">Whether <paramref name="body"/> can be made twice.</param>
    /// <param name="modelName">The model that it is for; null for the one of its query.</param>
    public async Task<ProxyFailure?> ForwardAsync(
        Exchange exchange, RequestHead head, Func<HttpContent>? body, bool isRepeatable, string? modelName = null)
    {
        // 4 route
        var clientGone = exchange.Answer.Gone;
        await router.FindOutAsync(clientGone).ConfigureAwait(false);
        if (router.HasNames && exchange.Route.Name == "models")
        {
            await ModelsPage.WriteAsync(exchange.Answer, router).ConfigureAwait(false);
            exchange.Status = exchange.Answer.StatusCode;
            return null;
        }

        var named = modelName ?? ModelInQuery(head.Target);
        if (router.First(named) is not { } model)
            return ModelsPage.NotFound(named, router);

        // A call that names a model may load it, as any request does; one that names none reaches the server itself.
        var (pass, unloaded) = named is null && model.Backend.Host is not null
            ? default
            : await model.EnterAsync(clientGone).ConfigureAwait(false);
        using var entered = pass;
        if (unloaded is not null)
            return unloaded;
        if (router.HasNames)
            exchange.SetPlace(model.Backend.Name, model.Name, 1);
        if (HttpMethods.IsPost(head.Method))
            await model.Current.NoticeSleepAsync(clientGone).ConfigureAwait(false); // tokenising wakes a sleeping server, too
        if (exchange.Route.ChangesModel)
            await model.Current.SaveBeforeAdaptersChangeAsync(clientGone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // 7 forward and stream
        var (response, failure) = await model.Sender.SendAsync(head, body, isRepeatable, clientGone).ConfigureAwait(false);
        if (exchange.Route.TouchesState)
            model.Current.Suspect($"a client changed its state through {head.Target}");
        if (response is null)
            return failure;
        using (response)
            return await streamer.PassOnAsync(exchange, response, null, clientGone).ConfigureAwait(false);
    }

    /// <summary>As in llama-server's router mode: the query names the model of a request without a body.</summary>
    private static string? ModelInQuery(string target) =>
        target.IndexOf('?', StringComparison.Ordinal) is var at and >= 0
            && QueryHelpers.ParseQuery(target[at..]).TryGetValue("model", out var name) && name.ToString() is { Length: > 0 } model
            ? model
            : null;
}
