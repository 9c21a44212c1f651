using System.Net;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Threading;

namespace Bioproxy.Host.Requests;

/// <summary>Passes a backend's answer on: headers, then each read as it comes, past what looks at it and through what edits it.</summary>
internal sealed class ResponseStreamer(PluginStage plugins, RequestReport report, ProxyOptions options, TimeProvider time)
{
    private readonly StreamCopier _copier = new(
        options.ResponseTimeout > TimeSpan.Zero ? options.ResponseTimeout : Timeout.InfiniteTimeSpan, options.ClientWriteTimeout, time);

    /// <summary>Sets up what an answer passes on its way.</summary>
    /// <param name="asked">The request.</param>
    /// <param name="response">The backend's answer; it belongs to the result.</param>
    /// <param name="turn">The turn under which it is computed.</param>
    /// <param name="placement">Where it is computed.</param>
    /// <param name="asksForProgress">The proxy asked for progress events.</param>
    public ModelAnswer Open(PreparedRequest asked, HttpResponseMessage response, SlotTurn turn, Placement placement, bool asksForProgress)
    {
        var reporter = new CacheResultReporter(asked.Exchange, placement);
        var gate = GateOf(asked, response, reporter, asksForProgress);
        return asked.Exchange.Progress.Answer = new ModelAnswer(asked, response, turn, reporter, gate, asksForProgress);
    }

    /// <summary>Passes an answer on to its end.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="from">The backend's answer.</param>
    /// <param name="answer">What the answer passes; null where nothing looks at it.</param>
    /// <param name="clientGone">The client's leaving.</param>
    /// <returns>Why it did not end as it should; null when it did.</returns>
    public async Task<ProxyFailure?> PassOnAsync(
        Exchange exchange, HttpResponseMessage from, ModelAnswer? answer, CancellationToken clientGone)
    {
        var to = exchange.Answer;
        exchange.Status = (int)from.StatusCode;
        var isStream = IsEventStream(from);
        if (to.HasStarted && !isStream)
            return await WriteErrorEventAsync(exchange, from, clientGone).ConfigureAwait(false);
        if (!to.HasStarted)
        {
            to.StatusCode = exchange.Status;
            HeaderRules.CopyToClient(from, to.Headers);
            exchange.HasBackendHeaders = true;
        }

        var body = await from.Content.ReadAsStreamAsync(clientGone).ConfigureAwait(false);
        if (isStream && answer?.Gate is null)
            await FlushAsync(to, clientGone).ConfigureAwait(false); // the headers do not wait for the first event
        answer?.EditWith(plugins, isStream);
        if (answer is not null && exchange.Recording is { } recording && answer.CanBeRead)
            to = recording.Begin(to, isStream);
        var watch = new ResponseWatch(exchange, answer, report);
        if (answer?.Editor is not { } editor)
        {
            var copied = await _copier.CopyAsync(body, to, watch.OnRead, clientGone, answer?.Gate).ConfigureAwait(false);
            return await EndAsync(exchange, to, copied).ConfigureAwait(false);
        }

        var (end, failure) = await EditedAsync(answer, to, body, editor, watch, clientGone).ConfigureAwait(false);
        if (failure is null)
            return await EndAsync(exchange, to, end).ConfigureAwait(false);
        answer.AbandonBody();
        exchange.IsWaitingStream = isStream; // the failure becomes an event
        return PluginStage.FailureOf(failure);
    }

    /// <summary>Copies on another thread, because a plugin that blocks its thread must not block the request's.</summary>
    /// <returns>How the copying ended, or the plugin that broke it off.</returns>
    private async Task<(CopyEnd End, PluginFailure? Failure)> EditedAsync(
        ModelAnswer answer, IAnswerSink to, Stream body, ResponseFilter editor, ResponseWatch watch, CancellationToken clientGone)
    {
        if (!to.HasStarted)
            to.Headers.ContentLength = null; // known when it has been edited
        var copying = Task.Run(() => _copier.CopyAsync(body, to, watch.OnRead, clientGone, answer.Gate, editor), CancellationToken.None);
        try
        {
            if (await Task.WhenAny(copying, answer.Hung!).ConfigureAwait(false) == copying)
                return (await copying.ConfigureAwait(false), null);
        }
        catch (PluginFailureException e)
        {
            return (default, e.Failure);
        }

        BoundedCall.Abandon(copying); // its plugin may return some day
        return (default, await answer.Hung!.ConfigureAwait(false));
    }

    private static async ValueTask<ProxyFailure?> EndAsync(Exchange exchange, IAnswerSink to, CopyEnd end)
    {
        if (end != CopyEnd.Complete)
            return Broken(end);
        if (exchange.Recording is { } recording)
            recording.IsComplete = true;
        await to.CompleteAsync().ConfigureAwait(false); // the client does not wait for the settlement
        return null;
    }

    /// <summary>Holds the answer back until the cache result is known: a stream's first event or a whole short answer says it.</summary>
    private ResponseGate? GateOf(PreparedRequest asked, HttpResponseMessage response, CacheResultReporter reporter, bool asksForProgress)
    {
        if (asked.Prompt is { } prompt && response.StatusCode == HttpStatusCode.OK)
        {
            var isStream = IsEventStream(response);
            if (isStream && (asksForProgress || (asked.Exchange.Route.ShowsProgress && prompt.Source.WantsProgress == true)))
                return new ProgressFilter(asksForProgress, reporter.Report, time, options.QueueKeepAlive);
            var length = response.Content.Headers.ContentLength;
            if (!isStream && !asked.Exchange.Answer.HasStarted && length is > 0 and <= BufferedResponse.Longest)
                return new BufferedResponse((int)length, reporter.ReportFrom);
        }

        reporter.Report(null, 0);
        return null;
    }

    private static async Task FlushAsync(IAnswerSink to, CancellationToken clientGone)
    {
        try
        {
            await to.FlushAsync(clientGone).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client left; copying notices it, too.
        }
    }

    /// <summary>The client got an event stream's headers while it waited, and the backend answers with an error.</summary>
    private static async Task<ProxyFailure?> WriteErrorEventAsync(
        Exchange exchange, HttpResponseMessage from, CancellationToken clientGone)
    {
        var to = exchange.Answer;
        try
        {
            var error = await from.Content.ReadAsByteArrayAsync(clientGone).ConfigureAwait(false);
            var events = ErrorWriter.Events(ErrorDetail.Of(error, (int)from.StatusCode), exchange.Route.Errors);
            await to.WriteAsync(events, to.Gone).ConfigureAwait(false);
            await to.CompleteAsync().ConfigureAwait(false);
            return null;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException)
        {
            return Broken(clientGone.IsCancellationRequested ? CopyEnd.ClientGone : CopyEnd.BackendBroke);
        }
    }

    private static bool IsEventStream(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType == "text/event-stream";

    private static ProxyFailure Broken(CopyEnd end) => end switch
    {
        CopyEnd.ClientGone => new(FailureKind.ClientGone, "The client left."),
        CopyEnd.ClientStalled => new(FailureKind.ClientGone, "The client stopped reading (timeouts.client_write_seconds)."),
        CopyEnd.BackendStalled => new(FailureKind.BackendTimedOut, "The backend stopped sending (timeouts.response_seconds)."),
        _ => new(FailureKind.BackendClosed, "The backend broke its answer off."),
    };
}
