using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Json;
using Bioproxy.Host.Models;
using Bioproxy.Host.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace Bioproxy.Host.Requests;

/// <summary>The path of a request that occupies no slot. Of the steps of <see cref="RequestPath"/> it takes 1, 4 and 7.</summary>
internal sealed class PassthroughPath(
    ModelRouter router,
    BodyReader bodies,
    ResponseStreamer streamer,
    ResumableStreams streams,
    RequestReport report,
    LiveOptions options,
    TimeProvider time)
{
    /// <summary>Forwards a client's request. Its body passes as it comes; where it may name one of several models, it is read
    /// first.</summary>
    public async Task<ProxyFailure?> ForwardAsync(Exchange exchange, HttpRequest request)
    {
        var clientGone = exchange.Answer.Gone;
        await router.FindOutAsync(clientGone).ConfigureAwait(false);
        var head = RequestHead.Of(request);
        if (router.HasNames && MayNameModel(request))
        {
            var (read, unread) = await bodies.ReadAsync(request, clientGone).ConfigureAwait(false);
            using var owned = read;
            return read is null ? unread : await ForwardAsync(exchange, head, read.Memory).ConfigureAwait(false);
        }

        var body = HasBody(request) ? new ClientBodyContent(request, options.Current, time) : null;
        Func<string?, HttpContent>? make = body is null ? null : _ => body;
        var failure = await ForwardAsync(exchange, head, ModelInQuery(head.Target), make, isRepeatable: body is null)
            .ConfigureAwait(false);
        return failure is null ? null : body?.Failure ?? failure;
    }

    /// <summary>Forwards a request whose body is here.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="head">Its head.</param>
    /// <param name="body">Its body.</param>
    /// <param name="modelName">The model that it is for; null for the one that it names.</param>
    public async Task<ProxyFailure?> ForwardAsync(
        Exchange exchange, RequestHead head, ReadOnlyMemory<byte> body, string? modelName = null)
    {
        await router.FindOutAsync(exchange.Answer.Gone).ConfigureAwait(false);
        var named = modelName ?? (router.HasNames ? JsonMembers.Text(JsonExtent.Of(body.Span).Of(body.Span), "model") : null);
        var isChunked = head.Headers.TransferEncoding.Count > 0; // as the client sent it
        return await ForwardAsync(
            exchange, head, ModelInQuery(head.Target) ?? named, model => Content(body, model, isChunked), isRepeatable: true)
            .ConfigureAwait(false);
    }

    /// <param name="exchange">The request.</param>
    /// <param name="head">Its head.</param>
    /// <param name="named">The model that it names; null for none.</param>
    /// <param name="body">Makes its body, which names the given model, or the sender's if that is null; null for no body.</param>
    /// <param name="isRepeatable">Whether <paramref name="body"/> can be made twice.</param>
    private async Task<ProxyFailure?> ForwardAsync(
        Exchange exchange, RequestHead head, string? named, Func<string?, HttpContent>? body, bool isRepeatable)
    {
        // 4 route
        report.Enters(exchange, RequestStep.Route);
        exchange.Trace?.Model = named;
        var clientGone = exchange.Answer.Gone;
        if (router.HasNames && exchange.Route is { Name: "models", Ollama: null })
        {
            await ModelsPage.WriteAsync(exchange, router).ConfigureAwait(false);
            exchange.Status = exchange.Answer.StatusCode;
            return null;
        }

        if (ModelPermission.Refuse(exchange, named, router) is { } forbidden)
            return forbidden;
        if (router.First(named) is not { } model)
            return ModelsPage.NotFound(named, router);
        if (router.HasNames)
            exchange.SetPlace(model.Backend.Name, model.Name, 1);
        for (var isSecond = false; ; isSecond = true)
        {
            var (pass, unloaded) = await EnterAsync(model, named, clientGone).ConfigureAwait(false);
            using var entered = pass;
            if (unloaded is not null)
                return unloaded;
            if (HttpMethods.IsPost(head.Method))
                await model.Current.NoticeSleepAsync(clientGone).ConfigureAwait(false); // tokenising wakes a sleeping server, too
            if (exchange.Route.ChangesModel)
                await model.Current.SaveBeforeAdaptersChangeAsync(clientGone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

            // 7 forward and stream
            report.Enters(exchange, RequestStep.Forward);
            head = head with { Span = exchange.Trace?.Span, Turn = pass?.Turn };
            var wanted = named is null ? null : model.Backend.NameFor(named);
            Func<HttpContent>? content = body is null ? null : () => body(wanted);
            var (response, failure) = await model.Sender.SendAsync(head, content, isRepeatable, clientGone).ConfigureAwait(false);
            if (exchange.Route.TouchesState)
                model.Current.Suspect($"a client changed its state through {head.Target}");
            if (response is not null)
                return await PassOnAsync(exchange, head, model, response).ConfigureAwait(false);

            var isGone = failure!.Kind is FailureKind.BackendUnreachable or FailureKind.BackendClosed;
            if (!isGone || isSecond || !isRepeatable || !await model.RestartsAsync(clientGone).ConfigureAwait(false))
                return failure;
        }
    }

    private async Task<ProxyFailure?> PassOnAsync(Exchange exchange, RequestHead head, ServedModel model, HttpResponseMessage response)
    {
        var resumed = ResumableStreams.ConversationOf(head);
        streams.Opened(resumed);
        ProxyFailure? failure;
        try
        {
            using (response)
                failure = await streamer.PassOnAsync(exchange, response, null, exchange.Answer.Gone).ConfigureAwait(false);
        }
        finally
        {
            streams.Closed(resumed);
        }

        streams.Ended(resumed, failure, model.Sender, head);
        return failure;
    }

    /// <summary>A call that names a model may load it, as any request does; one that names none reaches the server itself.</summary>
    private static ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(
        ServedModel model, string? named, CancellationToken clientGone) =>
        model.Backend.Loader is null || (named is null && model.Backend.Host is not null) ? default : model.EnterForCallAsync(clientGone);

    private static bool HasBody(HttpRequest request) => request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0
        || (request.ContentLength is null && HttpProtocol.IsHttp2(request.Protocol)
            && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true);

    /// <summary>A body that can be JSON (llama-server does not look at its type) and is not larger than a prompt may be.</summary>
    private bool MayNameModel(HttpRequest request) =>
        HasBody(request) && !(request.ContentLength > options.Current.MaxBodyBytes)
        && request.Headers.ContentEncoding.Count == 0 && !IsBinary(request.ContentType);

    private static bool IsBinary(string? type) => type is not null
        && !type.Contains("json", StringComparison.OrdinalIgnoreCase)
        && !type.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
        && !type.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase); // curl's, whatever it sends

    private static PiecesContent Content(ReadOnlyMemory<byte> body, string? model, bool isChunked)
    {
        var extent = JsonExtent.Of(body.Span);
        var json = body.Slice(extent.Start, extent.Length);
        var isObject = json.Span.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];
        if (model is null || !isObject || JsonMembers.Text(json.Span, "model") == model)
            return new PiecesContent([body], isChunked ? null : body.Length);
        var spliced = new SplicedBody(json, [JsonMembers.Set(json.Span, "model", model)]);
        return new PiecesContent(spliced.Pieces, isChunked ? null : spliced.Length);
    }

    /// <summary>As in llama-server's router mode: the query names the model of a request without a body.</summary>
    private static string? ModelInQuery(string target) =>
        target.IndexOf('?', StringComparison.Ordinal) is var at and >= 0
            && QueryHelpers.ParseQuery(target[at..]).TryGetValue("model", out var name) && name.ToString() is { Length: > 0 } model
            ? model
            : null;
}
