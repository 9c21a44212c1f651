using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Bioproxy.Abstractions;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Json;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Transforms;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Requests;

/// <summary>
/// The path of a request:
/// <list type="number">
/// <item>listen: the server hands the request over; its route says whether the gate concerns it</item>
/// <item>read the whole body, and find the members that are needed</item>
/// <item>transform: plugins edit the prompt; their edits become splices. A handler may answer it, and the path ends here</item>
/// <item>lease a slot's worth of the backend from the queue</item>
/// <item>restore what the slot lacks, and decide on the pin</item>
/// <item>forward the client's bytes with the splices</item>
/// <item>stream each read on as it comes, with a tap that only looks; where plugins edit answers, through them</item>
/// <item>settle: the response is complete; learn from it, and release the lease on every path</item>
/// </list>
/// A request that the gate does not concern goes 1, 6, 7.
/// </summary>
internal sealed partial class RequestPath
{
    private readonly PluginManager _plugins;
    private readonly TransformChain _transforms;
    private readonly Placer _placer;
    private readonly ConversationKeeper _keeper;
    private readonly TurnWaiter _turns;
    private readonly Explainer _explainer;
    private readonly BackendMonitor _monitor;
    private readonly BackendSender _sender;
    private readonly StreamCopier _copier;
    private readonly ProxyOptions _options;
    private readonly ProxyMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<RequestPath> _logger;
    private readonly BackendCaller _caller;
    private readonly CancellationToken _stopping;

    public RequestPath(
        PluginManager plugins, TransformChain transforms, SlotQueue queue, Placer placer, ConversationKeeper keeper, Explainer explainer, BackendMonitor monitor, BackendSender sender, ProxyOptions options, ProxyMetrics metrics, TimeProvider time, ILogger<RequestPath> logger, CancellationToken stopping)
    {
        _plugins = plugins;
        _transforms = transforms;
        _caller = new BackendCaller(HandleInnerAsync, options.BackendApiKey, options.MaxBodyBytes);
        _placer = placer;
        _keeper = keeper;
        _turns = new TurnWaiter(queue, options.QueueKeepAlive, time);
        _explainer = explainer;
        _monitor = monitor;
        _sender = sender;
        _copier = new StreamCopier(options.ResponseTimeout > TimeSpan.Zero ? options.ResponseTimeout : Timeout.InfiniteTimeSpan, options.ClientWriteTimeout);
        _options = options;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _stopping = stopping;
    }

    // 1 listen
    public Task HandleAsync(HttpContext http) => HandleAsync(new Exchange(http, Routes.Of(http.Request), _time.GetTimestamp()));

    /// <summary>Asks the backend for a plugin, outside any request.</summary>
    public Task<BackendAnswer> AskAsync(BackendQuestion question, CancellationToken cancellationToken) => _caller.AskAsync(question, null, question.Lane, cancellationToken);

    private async Task<Exchange> HandleInnerAsync(HttpContext http)
    {
        var exchange = new Exchange(http, Routes.Of(http.Request), _time.GetTimestamp()) { IsInner = true };
        await HandleAsync(exchange).ConfigureAwait(false);
        return exchange;
    }

    private async Task HandleAsync(Exchange exchange)
    {
        try
        {
            if (exchange.Route.IsGated)
                await GatedAsync(exchange).ConfigureAwait(false);
            else
                await UngatedAsync(exchange).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The fence of the path: a bug costs its request, not the proxy.
            LogBug(exchange.Id, exchange.Route.Name, e);
            await FailAsync(exchange, new ProxyFailure(FailureKind.Internal, $"The proxy failed on this request ({exchange.Id}); its log says why.")).ConfigureAwait(false);
        }
        finally
        {
            Count(exchange);
        }
    }

    private async Task GatedAsync(Exchange exchange)
    {
        var http = exchange.Http;
        var clientGone = http.RequestAborted;
        exchange.Header("X-Bioproxy-Request-Id", exchange.Id);

        // 2 read
        if (http.Request.Headers.ContentEncoding.Count > 0 && http.Request.Headers.ContentEncoding != "identity")
        {
            await FailAsync(exchange, new ProxyFailure(FailureKind.ClientBodyEncoded, $"Content-Encoding '{http.Request.Headers.ContentEncoding}' is not read here; send the body as plain JSON.")).ConfigureAwait(false);
            return;
        }

        var (body, unread) = await PooledBody.ReadAsync(http.Request, _options.MaxBodyBytes, clientGone).ConfigureAwait(false);
        if (body is null)
        {
            await FailAsync(exchange, unread!).ConfigureAwait(false);
            return;
        }

        using var owned = body;
        if (exchange.IsInner)
        {
            await PinnedAsync(exchange, body, null, clientGone).ConfigureAwait(false);
            return;
        }

        var plugins = _plugins.Pin();
        try
        {
            await PinnedAsync(exchange, body, plugins, clientGone).ConfigureAwait(false);
        }
        finally
        {
            plugins.Unpin();
        }
    }

    /// <summary>From step 3 on, with one generation of plugins; null for none.</summary>
    private async Task PinnedAsync(Exchange exchange, PooledBody body, PluginSet? plugins, CancellationToken clientGone)
    {
        var http = exchange.Http;
        var prompt = exchange.Route.Prompt is { } endpoint && PromptBody.Read(body.Memory, endpoint) is { } found ? new EditablePrompt(found, exchange.Id, isWarmUp: false, _time.GetLocalNow()) : null;
        var caller = Caller.Of(http, prompt?.Source, _options);
        if (caller.Lane is not { } lane)
        {
            await FailAsync(exchange, new ProxyFailure(FailureKind.ClientHeaderWrong, $"{Caller.LaneHeader} is '{http.Request.Headers[Caller.LaneHeader]}'; it may be interactive or batch.")).ConfigureAwait(false);
            return;
        }

        // 3 transform
        IReadOnlyList<PluginResponseTransform> responses = [];
        if (prompt is not null && plugins is not null)
        {
            prompt.Context.Lane = lane;
            var transforms = SlashCommands.Take(prompt.Context, plugins) ? SlashCommands.TransformsOf(prompt.Context, plugins) : plugins.Transforms;
            if (!await TransformAsync(exchange, transforms, prompt, body, clientGone).ConfigureAwait(false))
                return;
            lane = prompt.Context.Lane;
            responses = SlashCommands.ResponsesOf(prompt.Context, plugins);
            if (SlashCommands.HandlersOf(prompt.Context, plugins) is { Count: > 0 } handlers && await HandledAsync(exchange, handlers, prompt, body, responses, clientGone).ConfigureAwait(false))
                return;
        }

        exchange.Lane = lane == PromptLane.Batch ? Lane.Batch : Lane.Interactive;
        var canonical = prompt is { Source: { HasChain: true, Generations: 1 } } && exchange.Route.CanPin ? CanonicalPrompt.Build(prompt, caller.Domain, caller.Session) : null;
        try
        {
            var asked = new GatedRequest { Exchange = exchange, Body = body, Prompt = prompt, Splices = prompt?.Splices() ?? [], Canonical = canonical, Client = caller.Client, Responses = responses };
            await QueuedAsync(asked, clientGone).ConfigureAwait(false);
        }
        finally
        {
            if (canonical is not null)
                _explainer.Keep(canonical);
        }
    }

    /// <summary>Steps 4 to 8.</summary>
    private async Task QueuedAsync(GatedRequest asked, CancellationToken clientGone)
    {
        // 4 lease
        var exchange = asked.Exchange;
        QueueGrant grant;
        try
        {
            var entry = new QueueEntry(exchange.Lane, asked.Weight, asked.Client, asked.Canonical is { } prompt ? () => _placer.IsHot(prompt) : null);
            grant = await _turns.WaitAsync(exchange, entry, asked.IsStream, clientGone).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await FailAsync(exchange, new ProxyFailure(FailureKind.ClientGone, "The client left the queue.")).ConfigureAwait(false);
            return;
        }

        exchange.Waited = grant.Waited;
        exchange.Header("X-Bioproxy-Queue-Ms", ((long)grant.Waited.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        if (grant.Lease is not { } lease)
        {
            await FailAsync(exchange, Refusal(grant)).ConfigureAwait(false);
            return;
        }

        try
        {
            _metrics.QueueWaited(exchange.LaneName, grant.Waited);
            await LeasedAsync(asked, lease.Weight, clientGone).ConfigureAwait(false);
        }
        finally
        {
            if (_keeper.SavesAtOnce)
                _ = _keeper.SaveThenReleaseAsync(lease); // nor does the client wait for this
            else
                lease.Release();
        }

        _placer.CatchUpSoon(); // not awaited: the client's next request on this connection waits for this method
    }

    /// <summary>Steps 5 to 8, while a lease is held.</summary>
    private async Task LeasedAsync(GatedRequest asked, int weight, CancellationToken clientGone)
    {
        // 5 restore
        var exchange = asked.Exchange;
        Placement placement;
        try
        {
            placement = await _placer.PlaceAsync(asked.Canonical, weight, exchange.Lane, clientGone).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await FailAsync(exchange, new ProxyFailure(FailureKind.ClientGone, "The client left.")).ConfigureAwait(false);
            return;
        }

        var outcome = default(WorkOutcome);
        try
        {
            asked.Pin(placement.Slot);
            var asksForProgress = placement.Work is not null && asked.AskForProgress();
            exchange.Header("X-Bioproxy-Slot", placement.Slot?.ToString(CultureInfo.InvariantCulture) ?? "auto");

            // 6 forward
            var spliced = new SplicedBody(asked.Body.Memory, asked.Splices);
            var (response, failure) = await _sender.SendAsync(exchange.Http.Request, () => Content(exchange.Http.Request, spliced), isRepeatable: true, clientGone).ConfigureAwait(false);
            if (response is null)
            {
                await FailAsync(exchange, failure!).ConfigureAwait(false);
                return;
            }

            // 7 stream
            using (response)
            {
                var tap = new ResponseTap(keepsHead: exchange.Route.Prompt == PromptEndpoint.Messages);
                var evidence = new Evidence(exchange, placement);
                using var gate = GateOf(asked, response, evidence, asksForProgress);
                var isComplete = await StreamAsync(exchange, response, tap, placement, gate, asked, clientGone).ConfigureAwait(false);
                var timings = exchange.Timings = evidence.Timings ?? tap.Timings();
                var result = placement.Verdict(timings?.CachedTokens, timings?.PromptTokens ?? 0);
                _metrics.CacheResult(result);
                if (timings is not null)
                    _metrics.PromptTokens(timings.CachedTokens, timings.ComputedTokens, result);

                // An error answer computed nothing; an answer that has begun has its whole prompt in the slot.
                var coverage = !response.IsSuccessStatusCode ? 0 : isComplete ? 1 : tap.TotalBytes > 0 ? gate?.Coverage ?? 1 : 0;
                outcome = new WorkOutcome(isComplete, asksForProgress || (asked.IsStream && tap.TotalBytes > 0), timings, coverage);
                Log(exchange, result, timings);
                _explainer.Explain(exchange, placement, asked.Canonical, timings, result);
            }
        }
        finally
        {
            // 8 settle
            await _placer.SettleAsync(placement, outcome, _stopping).ConfigureAwait(false);
        }
    }

    /// <summary>What stands before the client until it is known what was reused: the first event of a stream tells, a short answer as a whole.</summary>
    private ResponseGate? GateOf(GatedRequest asked, HttpResponseMessage response, Evidence evidence, bool asksForProgress)
    {
        var isStream = IsEventStream(response);
        if (asked.Prompt is { } prompt && response.StatusCode == HttpStatusCode.OK)
        {
            if (isStream && (asksForProgress || (asked.Exchange.Route.ShowsProgress && prompt.Source.WantsProgress == true)))
                return new ProgressFilter(asksForProgress, evidence.Tell, _time, _options.QueueKeepAlive);
            if (!isStream && !asked.Exchange.Http.Response.HasStarted && response.Content.Headers.ContentLength is > 0 and <= WholeBody.Longest and var length)
                return new WholeBody((int)length, evidence.TellFrom);
        }

        evidence.Tell(null, 0);
        return null;
    }

    private async Task UngatedAsync(Exchange exchange)
    {
        // 6 forward
        var request = exchange.Http.Request;
        var hasBody = request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0;
        if (HttpMethods.IsPost(request.Method))
            await _monitor.NoticeSleepAsync(exchange.Http.RequestAborted).ConfigureAwait(false); // tokenising wakes it too
        if (exchange.Route.ChangesModel && HttpMethods.IsPost(request.Method))
            await _keeper.SaveAllAsync("before the adapters change", TimeSpan.Zero, goesFirst: true, exchange.Http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var epoch = _monitor.State.Epoch;
        var (response, failure) = await _sender.SendAsync(request, hasBody ? () => Passing(request) : null, isRepeatable: !hasBody, exchange.Http.RequestAborted).ConfigureAwait(false);
        if (exchange.Route.TouchesState)
            _monitor.Suspect(epoch, $"a client changed its state through {request.Path}");
        if (response is null)
        {
            await FailAsync(exchange, failure!).ConfigureAwait(false);
            return;
        }

        // 7 stream
        using (response)
            await StreamAsync(exchange, response, null, Placement.Unmanaged, null, null, exchange.Http.RequestAborted).ConfigureAwait(false);
    }

    /// <returns>Whether the request goes on; otherwise it has been answered.</returns>
    private async ValueTask<bool> TransformAsync(Exchange exchange, IReadOnlyList<PluginTransform> transforms, EditablePrompt prompt, PooledBody body, CancellationToken clientGone)
    {
        ProxyFailure failed;
        try
        {
            var result = await _transforms.RunHereAsync(transforms, prompt.Context, AnswerBlockedAsync, clientGone).ConfigureAwait(false);
            if (result.Succeeded)
                return true;
            if (result.Failure is not { Kind: PluginFailureKind.Exception })
                body.Abandon(); // the plugin may still be reading it
            if (result.IsAnswered)
                return false;
            failed = Failed(result.Failure!);
        }
        catch (OperationCanceledException)
        {
            body.Abandon();
            failed = new ProxyFailure(FailureKind.ClientGone, "The client left.");
        }

        await FailAsync(exchange, failed).ConfigureAwait(false);
        return false;

        async Task AnswerBlockedAsync(PluginFailure failure)
        {
            exchange.Header("Connection", "close"); // nobody reads the next request while the plugin holds this connection's thread
            await FailAsync(exchange, Failed(failure)).ConfigureAwait(false);
            Count(exchange); // the plugin may never let go
        }
    }

    private static ProxyFailure Failed(PluginFailure failure) =>
        new(failure.Kind == PluginFailureKind.Timeout ? FailureKind.PluginTimedOut : FailureKind.PluginFailed, failure.Message);

    /// <returns>Whether a handler answered the request, or failed in it; otherwise it goes on.</returns>
    private async Task<bool> HandledAsync(Exchange exchange, IReadOnlyList<PluginHandler> handlers, EditablePrompt prompt, PooledBody body, IReadOnlyList<PluginResponseTransform> responses, CancellationToken clientGone)
    {
        var (editor, edits) = EditorOf(prompt, responses, prompt.Source.IsStream);
        using var owned = editor;
        var run = new HandlerRun(exchange, prompt, body, editor, _caller, _options.HandlerTimeBudget, _metrics, _time);
        foreach (var handler in handlers)
        {
            var (isAnswered, failure) = await run.TryAsync(handler, edits?.Hung, clientGone).ConfigureAwait(false);
            if (failure is not null)
            {
                body.Abandon(); // the plugin may still be reading it
                await FailAsync(exchange, failure).ConfigureAwait(false);
            }
            else if (isAnswered)
            {
                LogHandled(exchange.Id, exchange.Route.Name, exchange.Status, handler.Name, handler.Plugin, _time.GetElapsedTime(exchange.Started).TotalMilliseconds);
            }

            if (isAnswered || failure is not null)
                return true;
        }

        return false;
    }

    /// <summary>What plugins make of an answer; null where none of them edits answers.</summary>
    private (ResponseFilter? Editor, ResponseEdits? Edits) EditorOf(EditablePrompt? prompt, IReadOnlyList<PluginResponseTransform> responses, bool isStream)
    {
        if (prompt is null || responses.Count == 0)
            return default;
        var edits = new ResponseEdits(responses, new ResponseContext(prompt.Context, isStream), _transforms.Fence);
        return (isStream ? new StreamEditor(edits) : new WholeEditor(edits), edits);
    }

    private void Count(Exchange exchange)
    {
        if (!exchange.IsCounted)
            _metrics.Request(exchange.Route.Name, exchange.Status, _time.GetElapsedTime(exchange.Started));
        exchange.IsCounted = true;
    }

    /// <returns>Whether the whole response was passed on and ended as it should.</returns>
    private async Task<bool> StreamAsync(Exchange exchange, HttpResponseMessage from, ResponseTap? tap, Placement placement, ResponseGate? gate, GatedRequest? asked, CancellationToken clientGone)
    {
        var to = exchange.Http.Response;
        exchange.Status = (int)from.StatusCode;
        var isStream = IsEventStream(from);
        if (to.HasStarted && !isStream)
            return await TellInStreamAsync(exchange, from, clientGone).ConfigureAwait(false);
        if (!to.HasStarted)
        {
            to.StatusCode = exchange.Status;
            HeaderRules.CopyToClient(from, to);
        }

        var body = await from.Content.ReadAsStreamAsync(clientGone).ConfigureAwait(false);
        if (isStream && gate is null)
            await FlushAsync(to, clientGone).ConfigureAwait(false); // its headers do not wait for the first event; StartAsync alone would not send them
        var hasBegun = false;
        var isMeasured = false;
        var (editor, edits) = from.StatusCode == HttpStatusCode.OK && from.Content.Headers.ContentEncoding.Count == 0 ? EditorOf(asked?.Prompt, asked?.Responses ?? [], isStream) : default;
        using var owned = editor;
        if (editor is not null && !to.HasStarted)
            to.ContentLength = null; // known when it has been edited
        var copying = edits is null
            ? _copier.CopyAsync(body, to, Tap, _time, clientGone, gate)
            : Task.Run(() => _copier.CopyAsync(body, to, Tap, _time, clientGone, gate, editor), CancellationToken.None); // a plugin that blocks its thread must not block ours
        var (end, failure) = await EndOfAsync(copying, edits).ConfigureAwait(false);
        if (failure is not null)
        {
            asked!.Body.Abandon(); // the plugin may still be reading it
            exchange.IsWaitingStream = isStream; // told as an event
            await FailAsync(exchange, Failed(failure)).ConfigureAwait(false);
            return false;
        }

        if (end != CopyEnd.Complete)
        {
            // The token of the sending is not cancelled by this; closing the connection is what stops the backend.
            await FailAsync(exchange, Broken(end)).ConfigureAwait(false);
            return false;
        }

        await to.CompleteAsync().ConfigureAwait(false); // the client does not wait for what is settled afterwards
        return true;

        void Tap(ReadOnlyMemory<byte> bytes)
        {
            if (!hasBegun)
            {
                hasBegun = true;
                exchange.IsWaitingStream = false;
                _placer.Started(placement);
            }

            if (!isMeasured && gate?.IsOpen != false)
            {
                isMeasured = true;
                _metrics.FirstByte(exchange.Route.Name, _time.GetElapsedTime(exchange.Started));
            }

            if (gate is WholeBody)
                tap?.Count(bytes.Length);
            else
                tap?.Look(bytes.Span);
        }
    }

    /// <returns>How the copying ended, or the plugin that broke it off.</returns>
    private static async Task<(CopyEnd End, PluginFailure? Failure)> EndOfAsync(Task<CopyEnd> copying, ResponseEdits? edits)
    {
        try
        {
            if (edits is not null && await Task.WhenAny(copying, edits.Hung).ConfigureAwait(false) == edits.Hung)
                return (default, await edits.Hung.ConfigureAwait(false));
            return (await copying.ConfigureAwait(false), null);
        }
        catch (PluginFailureException e)
        {
            return (default, e.Failure);
        }
    }

    private static async Task FlushAsync(HttpResponse to, CancellationToken clientGone)
    {
        try
        {
            await to.Body.FlushAsync(clientGone).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // the client left; copying notices
        }
    }

    /// <summary>The client has been given an event stream while it waited, and the backend answers with something else: an error.</summary>
    private async Task<bool> TellInStreamAsync(Exchange exchange, HttpResponseMessage from, CancellationToken clientGone)
    {
        try
        {
            await FailureWriter.WriteEventAsync(exchange.Http, await from.Content.ReadAsByteArrayAsync(clientGone).ConfigureAwait(false)).ConfigureAwait(false);
            await exchange.Http.Response.CompleteAsync().ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException)
        {
            await FailAsync(exchange, Broken(clientGone.IsCancellationRequested ? CopyEnd.ClientGone : CopyEnd.BackendBroke)).ConfigureAwait(false);
            return false;
        }
    }

    private static bool IsEventStream(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType == "text/event-stream";

    private static ProxyFailure Broken(CopyEnd end) => end switch
    {
        CopyEnd.ClientGone => new(FailureKind.ClientGone, "The client left."),
        CopyEnd.ClientStalled => new(FailureKind.ClientGone, "The client stopped reading (timeouts.client_write_seconds)."),
        CopyEnd.BackendStalled => new(FailureKind.BackendTimedOut, "The backend stopped sending (timeouts.response_seconds)."),
        _ => new(FailureKind.BackendClosed, "The backend broke its answer off."),
    };

    private async Task FailAsync(Exchange exchange, ProxyFailure failure)
    {
        exchange.Status = failure.Status;
        exchange.Failure = failure;
        if (failure.Kind == FailureKind.ClientGone)
            LogClientGone(exchange.Id, exchange.Route.Name, failure.Message);
        else
            LogFailed(exchange.Id, exchange.Route.Name, failure.Status, failure.Message);
        try
        {
            await FailureWriter.WriteAsync(exchange.Http, failure, exchange.IsWaitingStream).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            LogClientGone(exchange.Id, exchange.Route.Name, "The client left before it could be told.");
        }
    }

    private ProxyFailure Refusal(QueueGrant grant)
    {
        _metrics.QueueRejected(grant.Refusal == QueueRefusal.Full ? "full" : "timeout");
        return grant.Refusal == QueueRefusal.Full
            ? new(FailureKind.QueueFull, $"All slots are busy and {_options.QueueMaxLength} requests wait already (queue.max_length).", grant.RetryAfter)
            : new(FailureKind.QueueTimedOut, $"No slot became free within {_options.QueueMaxWait.TotalSeconds:0.###} s (queue.max_wait_seconds).", grant.RetryAfter);
    }

    /// <summary>A body that passes as it comes, with its length where the client told one.</summary>
    private static StreamContent Passing(HttpRequest request)
    {
        var content = new StreamContent(request.Body);
        content.Headers.ContentLength = request.Headers.TransferEncoding.Count == 0 ? request.ContentLength : null;
        return content;
    }

    private static PiecesContent Content(HttpRequest request, SplicedBody spliced)
    {
        var content = new PiecesContent(spliced.Pieces, spliced.Length);
        if (request.ContentType is null && spliced.Length > 0)
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private void Log(Exchange exchange, string source, PromptTimings? timings)
    {
        if (timings is not null)
            LogServed(exchange.Id, exchange.Route.Name, exchange.Status, source, timings.CachedTokens, timings.PromptTokens, _time.GetElapsedTime(exchange.Started).TotalMilliseconds);
        else
            LogServedBlind(exchange.Id, exchange.Route.Name, exchange.Status, source, _time.GetElapsedTime(exchange.Started).TotalMilliseconds);
    }

    [LoggerMessage(LogLevel.Information, "{Id} {Route} {Status} {Source}, {Cached} of {Prompt} prompt tokens reused, {Milliseconds:0} ms")]
    private partial void LogServed(string id, string route, int status, string source, int cached, int prompt, double milliseconds);

    [LoggerMessage(LogLevel.Information, "{Id} {Route} {Status} {Source}, {Milliseconds:0} ms")]
    private partial void LogServedBlind(string id, string route, int status, string source, double milliseconds);

    [LoggerMessage(LogLevel.Information, "{Id} {Route} {Status} answered by {Handler} of {Plugin}, {Milliseconds:0} ms")]
    private partial void LogHandled(string id, string route, int status, string handler, string plugin, double milliseconds);

    [LoggerMessage(LogLevel.Debug, "{Id} {Route}: {Message}")]
    private partial void LogClientGone(string id, string route, string message);

    [LoggerMessage(LogLevel.Warning, "{Id} {Route} {Status}: {Message}")]
    private partial void LogFailed(string id, string route, int status, string message);

    [LoggerMessage(LogLevel.Error, "{Id} {Route} failed by a bug in the proxy.")]
    private partial void LogBug(string id, string route, Exception exception);
}
