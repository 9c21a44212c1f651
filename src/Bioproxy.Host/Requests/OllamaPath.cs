using Bioproxy.Host.Http;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Protocols.Ollama;
using Bioproxy.Host.Routing;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Requests;

/// <summary>
/// What is different about requests in Ollama's protocol. Prompts become requests of llama-server before any plugin sees them, and take the
/// path of every request from there; the client's end of the path (<see cref="OllamaSink"/>) turns the answer back. What Ollama tells
/// about itself and its models is answered here. Where the backend is an Ollama server itself, everything passes untouched.
/// </summary>
internal sealed class OllamaPath(ModelRouter router, PassthroughPath passthrough, BodyReader bodies, TimeProvider time)
{
    private readonly KnownModels _models = new(router, time);

    /// <summary>The client's end of the path.</summary>
    public static IAnswerSink ClientOf(HttpContext http, Route route)
    {
        if (route.Ollama is null)
            return new ClientSink(http);
        var sink = new OllamaSink(new ClientSink(http));
        http.Response.RegisterForDispose(sink);
        return sink;
    }

    /// <summary>Whether the proxy itself answers this call, which has no prompt. One Ollama server answers all of them, unless the client's
    /// key may use some models only; what several list is put together here.</summary>
    public bool Answers(Exchange exchange) => exchange.Route is { Ollama: not null, IsGated: false } route
        && (!router.All.All(static model => model.SpeaksOllama) || ModelPermission.IsLimited(exchange)
            || (IsOfModels(route) && !IsOneServer));

    private bool IsOneServer => !router.HasConfiguredNames
        && router.All.Select(static model => model.Backend.Options.Name).Distinct().Take(2).Count() < 2;

    private static bool IsOfModels(Route route) => route.Ollama is OllamaCall.Tags or OllamaCall.Running or OllamaCall.Show;

    /// <summary>Answers a call without a prompt.</summary>
    public async Task<ProxyFailure?> AnswerAsync(Exchange exchange, HttpRequest request)
    {
        switch (exchange.Route.Ollama)
        {
            case OllamaCall.Tags:
                var all = await ListAsync(exchange, "api/tags").ConfigureAwait(false);
                await WriteAsync(exchange, OllamaPages.Tags(all)).ConfigureAwait(false);
                return null;
            case OllamaCall.Running:
                var running = await ListAsync(exchange, "api/ps").ConfigureAwait(false);
                await WriteAsync(exchange, OllamaPages.Running(running, time.GetUtcNow())).ConfigureAwait(false);
                return null;
            case OllamaCall.Version:
                await WriteAsync(exchange, OllamaPages.Version()).ConfigureAwait(false);
                return null;
            case OllamaCall.Heartbeat:
                exchange.Status = StatusCodes.Status200OK;
                return null;
            case OllamaCall.Show:
                return await ShowAsync(exchange, request).ConfigureAwait(false);
            default:
                return new ProxyFailure(
                    FailureKind.NotSupported,
                    $"{request.Path} is not supported: Bioproxy serves the models that its backends have, and does not manage them.");
        }
    }

    /// <summary>Translates a request with a prompt, unless it is in llama-server's protocol already or its backend speaks Ollama's.
    /// </summary>
    /// <param name="exchange">The request.</param>
    /// <param name="received">What was read; disposed when it is translated.</param>
    /// <returns>What goes on, or why it does not; neither when the request has been answered.</returns>
    public async ValueTask<(ReceivedRequest? Request, ProxyFailure? Failure)> TranslateAsync(Exchange exchange, ReceivedRequest received)
    {
        if (exchange.Route.Ollama is not { } call || exchange.Answer is not OllamaSink sink || PassesUntouched(received))
            return (received, null);
        using var original = received;
        var (request, failure) = OllamaRequest.Read(original.Body.Json, call);
        if (request is null)
            return (null, failure);
        var answer = new OllamaAnswer(request, exchange.Started, time);
        if (request.DoneReason is not null)
        {
            await WriteAsync(exchange, answer.Loaded()).ConfigureAwait(false);
            return (null, null);
        }

        var (body, tooMuch) = bodies.Copy(request.Body);
        if (body is null)
            return (null, tooMuch);
        sink.Answer = answer;
        exchange.Route = Routes.Of(HttpMethods.Post, request.Path);
        return (new ReceivedRequest(HeadOf(original.Head, request.Path), request.Path, body), null);
    }

    /// <summary>Every place that serves the model speaks Ollama's protocol itself. Where one does not, the translated request suits
    /// all.</summary>
    private bool PassesUntouched(ReceivedRequest received) =>
        router.All.Any(static model => model.SpeaksOllama)
            && router.Route(OllamaRequest.ModelOf(received.Body.Json), null, Lane.Interactive, weight: 1) is { Count: > 0 } places
            && places.All(static place => place.Model.SpeaksOllama);

    /// <summary>The client's headers, except those that describe its body or the form of the answer.</summary>
    private static RequestHead HeadOf(RequestHead client, string path)
    {
        IHeaderDictionary headers = new HeaderDictionary();
        foreach (var (name, value) in client.Headers)
            headers[name] = value;
        headers.ContentType = "application/json";
        headers.Remove("Accept");
        headers.Remove("Accept-Encoding"); // an encoded answer could not be translated
        return client with { Method = HttpMethods.Post, Target = path, Headers = headers };
    }

    /// <summary>The models that the client's key may use.</summary>
    private async Task<IReadOnlyList<KnownModel>> ListAsync(Exchange exchange, string path)
    {
        var all = await _models.ListAsync(path, exchange.Answer.Gone).ConfigureAwait(false);
        return [.. all.Where(model => ModelPermission.Allows(exchange, model.Name, router))];
    }

    private async Task<ProxyFailure?> ShowAsync(Exchange exchange, HttpRequest request)
    {
        var (body, failure) = await bodies.ReadAsync(request, exchange.Answer.Gone).ConfigureAwait(false);
        if (body is null)
            return failure;
        using var owned = body;
        var name = OllamaRequest.ModelOf(body.Json);
        if (ModelPermission.Refuse(exchange, name, router) is { } forbidden)
            return forbidden;
        if (name is not null && router.First(name) is { SpeaksOllama: true, Backend: var owner }
            && (name == owner.Model || owner.NameFor(name) is null))
        {
            return await passthrough.ForwardAsync(exchange, RequestHead.Of(request), body.Memory, name).ConfigureAwait(false);
        }

        if (_models.Find(name) is not { } model)
            return new ProxyFailure(FailureKind.ModelNotFound, $"model '{name}' not found");
        await WriteAsync(exchange, OllamaPages.Show(model)).ConfigureAwait(false);
        return null;
    }

    private static async Task WriteAsync(Exchange exchange, ReadOnlyMemory<byte> body)
    {
        var to = exchange.Answer;
        to.StatusCode = exchange.Status = StatusCodes.Status200OK;
        to.Headers.ContentType = "application/json; charset=utf-8";
        to.Headers.ContentLength = body.Length;
        try
        {
            await to.WriteAsync(body, to.Gone).ConfigureAwait(false);
            await to.CompleteAsync().ConfigureAwait(false);
        }
        catch (IOException) when (to.Gone.IsCancellationRequested)
        {
            // The client left; the request ends as it should.
        }
    }
}
