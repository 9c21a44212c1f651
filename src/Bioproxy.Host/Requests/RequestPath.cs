using System.Globalization;
using System.Net.Http.Headers;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Json;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Slots;
using Bioproxy.Host.Snapshots;
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
/// <item>transform: plugins edit the prompt; their edits become splices</item>
/// <item>lease a slot's worth of the backend from the queue</item>
/// <item>restore what the slot lacks, and decide on the pin</item>
/// <item>forward the client's bytes with the splices</item>
/// <item>stream each read on as it comes, with a tap that only looks</item>
/// <item>settle: the response is complete; learn from it, and release the lease on every path</item>
/// </list>
/// A request that the gate does not concern goes 1, 6, 7.
/// </summary>
internal sealed partial class RequestPath
{
    private readonly TransformChain _transforms;
    private readonly SlotQueue _queue;
    private readonly Placer _placer;
    private readonly BackendMonitor _monitor;
    private readonly BackendSender _sender;
    private readonly StreamCopier _copier;
    private readonly ProxyOptions _options;
    private readonly ProxyMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<RequestPath> _logger;
    private readonly CancellationToken _stopping;

    public RequestPath(
        TransformChain transforms, SlotQueue queue, Placer placer, BackendMonitor monitor, BackendSender sender, ProxyOptions options, ProxyMetrics metrics, TimeProvider time, ILogger<RequestPath> logger, CancellationToken stopping)
    {
        _transforms = transforms;
        _queue = queue;
        _placer = placer;
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
    public async Task HandleAsync(HttpContext http)
    {
        var exchange = new Exchange(http, Routes.Of(http.Request), _time.GetTimestamp());
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
        var prompt = exchange.Route.Prompt is { } endpoint && PromptBody.Read(body.Memory, endpoint) is { } found ? new EditablePrompt(found, exchange.Id, isWarmUp: false) : null;

        // 3 transform
        if (prompt is not null && !await TransformAsync(exchange, prompt, body, clientGone).ConfigureAwait(false))
            return;

        var splices = prompt?.Splices() ?? [];
        using var canonical = prompt is { Source: { HasChain: true, Generations: 1 } } && exchange.Route.CanPin ? CanonicalPrompt.Build(prompt) : null;

        // 4 lease
        QueueGrant grant;
        try
        {
            grant = await _queue.AcquireAsync(new(Lane.Interactive, prompt?.Source.Generations ?? ListLength.Of(body.Memory.Span)), clientGone).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await FailAsync(exchange, new ProxyFailure(FailureKind.ClientGone, "The client left the queue.")).ConfigureAwait(false);
            return;
        }

        exchange.Header("X-Bioproxy-Queue-Ms", ((long)grant.Waited.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        if (grant.Lease is not { } lease)
        {
            await FailAsync(exchange, Refusal(grant)).ConfigureAwait(false);
            return;
        }

        try
        {
            _metrics.QueueWaited("interactive", grant.Waited);
            await LeasedAsync(exchange, body, prompt, splices, canonical, lease.Weight, clientGone).ConfigureAwait(false);
        }
        finally
        {
            lease.Release();
        }

        _placer.CatchUpSoon(); // not awaited: the client's next request on this connection waits for this method
    }

    /// <summary>Steps 5 to 8, while a lease is held.</summary>
    private async Task LeasedAsync(Exchange exchange, PooledBody body, EditablePrompt? prompt, List<JsonSplice> splices, CanonicalPrompt? canonical, int weight, CancellationToken clientGone)
    {
        // 5 restore
        Placement placement;
        try
        {
            placement = await _placer.PlaceAsync(canonical, weight, Lane.Interactive, clientGone).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await FailAsync(exchange, new ProxyFailure(FailureKind.ClientGone, "The client left.")).ConfigureAwait(false);
            return;
        }

        var outcome = default(WorkOutcome);
        try
        {
            if (prompt is not null && exchange.Route.CanPin && (placement.Slot is not null || prompt.Source.IdSlot is not null))
                splices.Add(prompt.Source.Pin(placement.Slot ?? -1));
            var source = placement.Source switch { PromptSource.Hot => "hot", PromptSource.Restored => "restored", _ => "cold" };
            exchange.Header("X-Bioproxy-Slot", placement.Slot?.ToString(CultureInfo.InvariantCulture) ?? "auto");
            exchange.Header("X-Bioproxy-Cache", source);
            _metrics.CacheResult(source);

            // 6 forward
            var spliced = new SplicedBody(body.Memory, splices);
            var (response, failure) = await _sender.SendAsync(exchange.Http.Request, () => Content(exchange.Http.Request, spliced), isRepeatable: true, clientGone).ConfigureAwait(false);
            if (response is null)
            {
                await FailAsync(exchange, failure!).ConfigureAwait(false);
                return;
            }

            // 7 stream
            using (response)
            {
                var tap = new ResponseTap();
                var isComplete = await StreamAsync(exchange, response, tap, placement, clientGone).ConfigureAwait(false);
                var timings = tap.Timings();
                if (timings is not null)
                    _metrics.PromptTokens(timings.CachedTokens, timings.ComputedTokens);

                // An error answer computed nothing; an answer that has begun has its whole prompt in the slot.
                outcome = new WorkOutcome(isComplete, prompt?.Source.IsStream == true && tap.TotalBytes > 0, timings, response.IsSuccessStatusCode && (isComplete || tap.TotalBytes > 0) ? 1 : 0);
                Log(exchange, source, timings);
            }
        }
        finally
        {
            // 8 settle
            await _placer.SettleAsync(placement, outcome, _stopping).ConfigureAwait(false);
        }
    }

    private async Task UngatedAsync(Exchange exchange)
    {
        // 6 forward
        var request = exchange.Http.Request;
        var hasBody = request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0;
        if (HttpMethods.IsPost(request.Method))
            await _monitor.NoticeSleepAsync(exchange.Http.RequestAborted).ConfigureAwait(false); // tokenising wakes it too
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
            await StreamAsync(exchange, response, null, Placement.Unmanaged, exchange.Http.RequestAborted).ConfigureAwait(false);
    }

    /// <returns>Whether the request goes on; otherwise it has been answered.</returns>
    private async ValueTask<bool> TransformAsync(Exchange exchange, EditablePrompt prompt, PooledBody body, CancellationToken clientGone)
    {
        ProxyFailure failed;
        try
        {
            var result = await _transforms.RunHereAsync(prompt.Context, AnswerBlockedAsync, clientGone).ConfigureAwait(false);
            if (result.Succeeded)
                return true;
            if (result.Failure is not { Kind: TransformFailureKind.Exception })
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

        static ProxyFailure Failed(TransformFailure failure) =>
            new(failure.Kind == TransformFailureKind.Timeout ? FailureKind.PluginTimedOut : FailureKind.PluginFailed, failure.Message);

        async Task AnswerBlockedAsync(TransformFailure failure)
        {
            exchange.Header("Connection", "close"); // nobody reads the next request while the plugin holds this connection's thread
            await FailAsync(exchange, Failed(failure)).ConfigureAwait(false);
            Count(exchange); // the plugin may never let go
        }
    }

    private void Count(Exchange exchange)
    {
        if (!exchange.IsCounted)
            _metrics.Request(exchange.Route.Name, exchange.Status, _time.GetElapsedTime(exchange.Started));
        exchange.IsCounted = true;
    }

    /// <returns>Whether the whole response was passed on and ended as it should.</returns>
    private async Task<bool> StreamAsync(Exchange exchange, HttpResponseMessage from, ResponseTap? tap, Placement placement, CancellationToken clientGone)
    {
        var to = exchange.Http.Response;
        to.StatusCode = exchange.Status = (int)from.StatusCode;
        HeaderRules.CopyToClient(from, to);
        var body = await from.Content.ReadAsStreamAsync(clientGone).ConfigureAwait(false);
        if (from.Content.Headers.ContentType?.MediaType == "text/event-stream")
            await to.Body.FlushAsync(clientGone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its headers do not wait for the first event; StartAsync alone would not send them
        var isFirst = true;
        var end = await _copier.CopyAsync(body, to, Tap, _time, clientGone).ConfigureAwait(false);
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
            if (isFirst)
            {
                isFirst = false;
                _metrics.FirstByte(exchange.Route.Name, _time.GetElapsedTime(exchange.Started));
                _placer.Started(placement);
            }

            tap?.Look(bytes.Span);
        }
    }

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
        if (failure.Kind == FailureKind.ClientGone)
            LogClientGone(exchange.Id, exchange.Route.Name, failure.Message);
        else
            LogFailed(exchange.Id, exchange.Route.Name, failure.Status, failure.Message);
        try
        {
            await FailureWriter.WriteAsync(exchange.Http, failure).ConfigureAwait(false);
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

    [LoggerMessage(LogLevel.Debug, "{Id} {Route}: {Message}")]
    private partial void LogClientGone(string id, string route, string message);

    [LoggerMessage(LogLevel.Warning, "{Id} {Route} {Status}: {Message}")]
    private partial void LogFailed(string id, string route, int status, string message);

    [LoggerMessage(LogLevel.Error, "{Id} {Route} failed by a bug in the proxy.")]
    private partial void LogBug(string id, string route, Exception exception);
}
