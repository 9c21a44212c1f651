using System.Globalization;
using Bioproxy.Abstractions;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Routing;
using Bioproxy.Host.Security;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Requests;

/// <summary>
/// The path of a request:
/// <list type="number">
/// <item>receive: its route says whether it occupies a slot</item>
/// <item>read the whole body, translate it if it is in Ollama's protocol, and find the members that are needed</item>
/// <item>transform: plugins edit the prompt, and their edits become splices; a handler may answer, and the path ends here</item>
/// <item>route to a model</item>
/// <item>lease a slot's worth of it from the queue</item>
/// <item>place: restore what the slot lacks, and decide on the pin</item>
/// <item>forward the client's bytes with the splices, and stream the answer with a tap that only looks</item>
/// <item>settle: learn from the answer, and return the lease</item>
/// </list>
/// A request that occupies no slot takes 1, 4 and 7 (<see cref="PassthroughPath"/>), and 2 and 3 as well when it has a prompt, which is
/// only counted or rendered; a plugin's question takes 4 to 8. A step that fails returns a failure; it is written in one place, and
/// everything that the request holds is released on every exit.
/// </summary>
internal sealed class RequestPath : IPluginBackend
{
    private readonly PluginStage _plugins;
    private readonly ModelRouter _router;
    private readonly Explainer _explainer;
    private readonly RequestPreparation _preparation;
    private readonly RequestReport _report;
    private readonly FailureResponse _failures;
    private readonly LiveOptions _options;
    private readonly TimeProvider _time;
    private readonly BodyReader _bodies;
    private readonly QueueKeepAlive _keepAlive;
    private readonly ResponseStreamer _streamer;
    private readonly PassthroughPath _passthrough;
    private readonly OllamaPath _ollama;
    private readonly ResumableStreams _streams;
    private readonly CrossOrigin _crossOrigin;
    private readonly BackendCaller _caller;

    public RequestPath(
        PluginStage plugins, ModelRouter router, Explainer explainer, ConversationTracker conversations,
        RequestReport report, LiveOptions options, TimeProvider time)
    {
        _plugins = plugins;
        _router = router;
        _explainer = explainer;
        _preparation = new RequestPreparation(conversations, time);
        _report = report;
        _options = options;
        _time = time;
        _failures = new FailureResponse(report);
        _bodies = new BodyReader(options, time);
        _keepAlive = new QueueKeepAlive(options.Current.QueueKeepAlive, time);
        _streamer = new ResponseStreamer(plugins, report, options.Current, time);
        _streams = new ResumableStreams(options, time);
        _passthrough = new PassthroughPath(router, _bodies, _streamer, _streams, report, options, time);
        _ollama = new OllamaPath(router, _passthrough, _bodies, time);
        _crossOrigin = new CrossOrigin(router, time);
        _caller = new BackendCaller(AnswerAsync, options.Current.BackendApiKey, options.Current.MaxBodyBytes);
    }

    /// <summary>The memory that bodies take.</summary>
    public BodyBudget Memory => _bodies.Budget;

    /// <summary>Answers a client's request.</summary>
    public async Task HandleAsync(HttpContext http)
    {
        // 1 receive
        var route = Routes.Of(http.Request);
        var exchange = new Exchange(OllamaPath.ClientOf(http, route), route, _time.GetTimestamp()) { Key = http.Features.Get<ClientKey>() };
        _crossOrigin.Watch(http, exchange);
        var headers = http.Request.Headers;
        using var active = _report.Begin(exchange, ClientName.Of(headers.UserAgent.ToString()), headers, http.RequestAborted);
        await using var turn = new SlotTurn(exchange, _report);
        var steps = route.IsGated || route.Prompt is not null ? StepsAsync(exchange, http, turn, active.Gone)
            : _ollama.Answers(exchange) ? _ollama.AnswerAsync(exchange, http.Request)
            : CrossOrigin.IsPreflight(http.Request) ? CrossOrigin.AnswerAsync(exchange, _passthrough.ForwardAsync(exchange, http.Request))
            : _passthrough.ForwardAsync(exchange, http.Request);
        await EndAsync(exchange, steps).ConfigureAwait(false);
        await _plugins.ObserveAsync(exchange, turn).ConfigureAwait(false);
    }

    /// <summary>Asks the backend for a plugin, outside any request.</summary>
    public Task<BackendAnswer> AskAsync(BackendQuestion question, CancellationToken cancellationToken) =>
        _caller.AskAsync(question, null, question.Lane, cancellationToken);

    /// <summary>Steps 2 and 3, then 4 to 8.</summary>
    private async Task<ProxyFailure?> StepsAsync(Exchange exchange, HttpContext http, SlotTurn turn, CancellationToken clientGone)
    {
        exchange.Header("X-Bioproxy-Request-Id", exchange.Id);

        // 2 read
        _report.Enters(exchange, RequestStep.Read);
        if (exchange.Route.Prompt is not null && BodyReader.RefuseForm(http.Request) is { } form)
            return form;
        var (read, unread) = await _bodies.ReadAsync(http.Request, clientGone).ConfigureAwait(false);
        if (read is null)
            return unread;
        var sent = new ReceivedRequest(RequestHead.Of(http.Request), http.Request.Path.Value ?? "/", read);
        var (received, unclear) = await _ollama.TranslateAsync(exchange, sent).ConfigureAwait(false);
        if (received is null)
            return unclear; // without a failure: it has been answered
        using var owned = received;
        var body = received.Body;
        var prompt = _preparation.PromptOf(exchange, body);
        var caller = Caller.Of(http.Request.Headers, http.Connection.RemoteIpAddress, prompt?.Source, _options.Current, exchange.Key?.Key);
        if (caller.Lane is not { } lane)
            return Caller.WrongLane;

        // 3 transform
        _report.Enters(exchange, RequestStep.Transform);
        IReadOnlyList<PluginResponseTransform> responses = [];
        using var plugins = _plugins.Pin();
        if (prompt is null && exchange.Route.Prompt is not null && plugins.Plugins.Transforms.Any(static one => !one.IsBuiltIn))
            return BodyReader.Unreadable(body);
        if (prompt is not null)
        {
            prompt.Context.Lane = lane;
            prompt.Context.Domain = caller.Domain;
            exchange.Progress.Trigger = UsedTrigger.In(prompt.Context.Messages, _options.Current);
            var request = new StageRequest(exchange, prompt, body, http) { Path = received.Path };
            var stage = await _plugins.RunAsync(request, plugins.Plugins, _caller, clientGone).ConfigureAwait(false);
            if (stage.Failure is not null || stage.IsAnswered)
                return stage.Failure;
            (lane, responses) = (prompt.Context.Lane, stage.Responses);
        }

        var head = responses.Count == 0 ? received.Head : ResumableStreams.Without(received.Head);
        using var asked = _preparation.Prepare(exchange, head, body, prompt, caller with { Lane = lane }, responses);
        if (!exchange.Route.IsGated)
            return await _passthrough.ForwardAsync(exchange, asked.Head, asked.Bytes()).ConfigureAwait(false);
        return await ServeAsync(asked, turn, clientGone).ConfigureAwait(false);
    }

    /// <summary>Steps 4 to 8, of which the last is the disposal of the turn. A place that cannot be reached, or fails before its first
    /// byte, is followed by the next one; each is tried once. The last one is tried again if its server ended and is started again.
    /// </summary>
    private async Task<ProxyFailure?> ServeAsync(PreparedRequest asked, SlotTurn turn, CancellationToken clientGone)
    {
        // 4 route
        var exchange = asked.Exchange;
        _report.Enters(exchange, RequestStep.Route);
        exchange.Trace?.Model = asked.ModelName;
        await _router.FindOutAsync(clientGone).ConfigureAwait(false);
        var name = _router.HasNames ? asked.ModelName : null; // a body without a prompt is searched for it
        if (ModelPermission.Refuse(exchange, asked.ModelName, _router) is { } forbidden)
            return forbidden;
        var candidates = exchange.Candidates = await _router.RouteAsync(name, asked.Canonical, exchange.Lane, asked.Weight, clientGone)
            .ConfigureAwait(false);
        var (attempts, isTriedAgain) = (0, false);
        for (var at = 0; at < candidates.Count;)
        {
            var model = candidates[at].Model;
            var isLast = at + 1 == candidates.Count;
            var (failure, end) = await TryAsync(asked, turn, candidates[at], attempts, hasNext: !isLast, clientGone).ConfigureAwait(false);
            if (end == AttemptEnd.Final)
                return failure;
            await turn.EndAsync().ConfigureAwait(false);
            if (end == AttemptEnd.Outlived)
                continue;
            attempts++;
            if (isLast)
            {
                var isRestarted = end == AttemptEnd.ServerGone && !isTriedAgain
                    && await model.RestartsAsync(clientGone).ConfigureAwait(false);
                if (!isRestarted)
                    return failure;
                _report.Restarts(exchange, model, failure);
                isTriedAgain = true;
                continue;
            }

            _report.FailedOver(exchange, model, candidates[++at].Model, failure);
        }

        return ModelsPage.NotFound(name, _router);
    }

    /// <summary>Steps 5 to 8 in one place.</summary>
    /// <returns>The failure, if any, and what may follow.</returns>
    private async Task<(ProxyFailure? Failure, AttemptEnd End)> TryAsync(
        PreparedRequest asked, SlotTurn turn, RouteCandidate place, int attempt, bool hasNext, CancellationToken clientGone)
    {
        var (exchange, model) = (asked.Exchange, place.Model);
        asked.BeginAttempt(model.Backend.NameFor(asked.ModelName));
        if (_router.HasNames)
            exchange.SetPlace(model.Backend.Name, model.Name, attempt + 1);
        (exchange.Progress.Model, exchange.Progress.IsStream) = (model, asked.IsStream);
        using var coming = _router.HasNames ? model.Queue.Announce(exchange.Lane, asked.Weight) : null;
        _report.Enters(exchange, RequestStep.Load);
        var (pass, unloaded) = await _keepAlive.EnterAsync(exchange, model, asked.IsStream, clientGone).ConfigureAwait(false);
        if (unloaded is not null)
            return (unloaded, AttemptEnd.Failed);
        turn.Enter(pass);

        // 5 lease
        _report.Enters(exchange, RequestStep.Queue);
        var entry = new QueueEntry(exchange.Lane, asked.Weight, asked.Client, HotnessOf(model, asked.Canonical))
        {
            PromptSeconds = place.PromptSeconds,
            Prompt = asked.Canonical,
            Domain = asked.Domain,
        };
        var granting = model.AcquireAsync(entry, clientGone);
        coming?.Dispose();
        var grant = await _keepAlive.WaitAsync(exchange, model.Queue, granting, asked.IsStream, clientGone).ConfigureAwait(false);
        exchange.Waited = grant.Waited;
        exchange.Header("X-Bioproxy-Queue-Ms", ((long)grant.Waited.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        if (grant.Failure is { } unusable)
            return (unusable, AttemptEnd.Failed);
        if (grant.Lease is not { } lease)
        {
            var isFull = grant.Refusal == QueueRefusal.Full;
            var end = isFull && hasNext ? AttemptEnd.Failed : AttemptEnd.Final;
            if (end == AttemptEnd.Final)
                _report.Refused(exchange, isFull);
            return (QueueRefusals.FailureOf(grant, _options.Current), end);
        }

        turn.Begin(model.Current, lease);
        _report.Waited(exchange);

        // 6 place
        _report.Enters(exchange, RequestStep.Place);
        var placement = await turn.PlaceAsync(asked, clientGone).ConfigureAwait(false);
        if (turn.IsOutlived(model))
            return (null, AttemptEnd.Outlived);
        asked.Pin(placement);
        var asksForProgress = placement.IsManaged && asked.AskForProgress();
        exchange.Header("X-Bioproxy-Slot", placement.Slot?.ToString(CultureInfo.InvariantCulture) ?? "auto");

        // 7 forward and stream
        _report.Enters(exchange, RequestStep.Prefill);
        _streams.Begun(asked.Conversation);
        var sending = IsolatedPrompt.SendAsync(asked, model, placement, clientGone);
        var (response, unsent) = await _keepAlive.AnswerAsync(exchange, sending, asked.IsStream, clientGone).ConfigureAwait(false);
        var isDown = response is null ? unsent!.Kind is FailureKind.BackendUnreachable or FailureKind.BackendClosed
            : (int)response.StatusCode >= 500;
        if (_router.HasNames)
            model.BackOff.Record(isDown);
        if (response is null || (isDown && hasNext))
        {
            _streams.Ended(asked.Conversation, unsent, model.Sender, asked.Head);
            response?.Dispose();
            return (unsent, response is not null ? AttemptEnd.Failed : isDown ? AttemptEnd.ServerGone : AttemptEnd.Final);
        }

        using var answer = _streamer.Open(asked, response, turn, placement, asksForProgress);
        var failure = await _streamer.PassOnAsync(exchange, response, answer, clientGone).ConfigureAwait(false);
        _streams.Ended(asked.Conversation, failure, model.Sender, asked.Head);

        // 8 settle; the outcome first, so that nothing that follows can lose it
        exchange.Status = failure?.Status ?? exchange.Status;
        var timings = exchange.Timings = answer.Timings;
        turn.Outcome = answer.Outcome(isComplete: failure is null, timings)
            with
        { HasOtherExplanation = asked.HasOtherExplanation(placement), Slot = exchange.Isolated?.Slot };
        Report(asked, model, placement, timings, turn);
        return (failure, AttemptEnd.Final);
    }

    /// <summary>The answer has ended: nothing that is said of it may change it.</summary>
    private void Report(PreparedRequest asked, ServedModel model, Placement placement, PromptTimings? timings, SlotTurn turn)
    {
        asked.Exchange.Key?.Key.Spend(ModelPermission.TokensOf(asked, timings));
        try
        {
            var cacheResult = placement.Verdict(timings?.CachedTokens, timings?.PromptTokens ?? 0);
            _report.Served(asked.Exchange, cacheResult, timings);
            _report.Explained(asked.Exchange, _explainer.Explain(asked, placement, timings, cacheResult, model.Context.Rates.Now.Prefill));
            if (asked is { Canonical: { } prompt, Exchange.Status: StatusCodes.Status200OK })
                turn.Observe(asked, prompt, model, placement);
        }
        catch (Exception e)
        {
            _report.Bug(asked.Exchange, e); // the fence around logs, metrics and explanations
        }
    }

    /// <summary>Steps 4 to 8 for a plugin's question.</summary>
    private async Task<Exchange> AnswerAsync(PluginQuestion question)
    {
        var route = Routes.Of(HttpMethods.Post, question.Path);
        var exchange = new Exchange(question.Answer, route, _time.GetTimestamp()) { Key = question.Head.Key };
        using var active = _report.Begin(exchange, "plugin", question.Head.Headers, question.Answer.Gone);
        await using var turn = new SlotTurn(exchange, _report);
        var steps = exchange.Route.IsGated
            ? ServeAsync(exchange, question, turn, active.Gone)
            : _passthrough.ForwardAsync(exchange, question.Head, question.Body);
        await EndAsync(exchange, steps).ConfigureAwait(false);
        return exchange;
    }

    private async Task<ProxyFailure?> ServeAsync(Exchange exchange, PluginQuestion question, SlotTurn turn, CancellationToken gone)
    {
        var (body, failure) = _bodies.Copy(question.Body); // the plugin may change its own bytes
        if (body is null)
            return failure;
        using var ownedBody = body;
        var prompt = _preparation.PromptOf(exchange, body);
        var caller = Caller.Of(question.Head.Headers, question.Address, prompt?.Source, _options.Current, exchange.Key?.Key);
        using var asked = _preparation.Prepare(exchange, question.Head, body, prompt, caller, []);
        return await ServeAsync(asked, turn, gone).ConfigureAwait(false);
    }

    /// <summary>The fence of the path: a bug costs its request, not the proxy. Writes the failure of whatever step failed.</summary>
    private async Task EndAsync(Exchange exchange, Task<ProxyFailure?> steps)
    {
        ProxyFailure? failure;
        try
        {
            failure = await steps.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (exchange.Answer.Gone.IsCancellationRequested || exchange.Progress.IsCancelled)
        {
            failure = new ProxyFailure(FailureKind.ClientGone, "The client left.");
        }
        catch (Exception e)
        {
            _report.Bug(exchange, e);
            failure = new ProxyFailure(FailureKind.Internal, $"The proxy failed on this request ({exchange.Id}); its log says why.");
        }

        if (failure?.Kind == FailureKind.ClientGone && exchange.Progress.IsCancelled)
            failure = ActiveRequest.Cancelled;
        if (failure is not null)
            await _failures.WriteAsync(exchange, failure).ConfigureAwait(false);
        _report.Count(exchange);
    }

    private static Func<bool>? HotnessOf(ServedModel model, CanonicalPrompt? prompt) =>
        prompt is null ? null : () => model.Current.IsHot(prompt);
}
