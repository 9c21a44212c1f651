using Bioproxy.Host.Configuration;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;
using Bioproxy.Host.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Cluster.Pools;

/// <summary>
/// Passes requests of other proxies on to the servers of this proxy's pool, which only this machine reaches. The other proxy has done all
/// that a request needs, under a turn that this one granted through the cluster; the turn, a random number that only the two know, is the
/// permission and names the server. So neither keys are checked here nor queues entered, and not a byte is changed on either way. Without a
/// turn that is granted now the header opens nothing.
/// </summary>
/// <param name="modelOf">The model of a turn that another proxy holds; null for any other number.</param>
/// <param name="options">The limits.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class TurnRelay(
    Func<Guid, ServedModel?> modelOf, ProxyOptions options, TimeProvider time, ILogger<TurnRelay> logger)
{
    private static readonly ProxyFailure NoTurn = new(
        FailureKind.KeyForbids,
        $"{TurnHeaders.Turn} is for proxies of one cluster. The turn that it names has ended, or was never granted.");

    private readonly ILogger<TurnRelay> _logger = logger;
    private readonly StreamCopier _copier = new(
        options.ResponseTimeout > TimeSpan.Zero ? options.ResponseTimeout : Timeout.InfiniteTimeSpan, options.ClientWriteTimeout, time);

    /// <summary>Whether a request comes from another proxy, or says so.</summary>
    public static bool IsMeant(HttpContext http) => http.Request.Headers.ContainsKey(TurnHeaders.Turn);

    public async Task HandleAsync(HttpContext http)
    {
        try
        {
            await PassOnAsync(http).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && http.RequestAborted.IsCancellationRequested)
        {
            // the other proxy has left, or its client
        }
        catch (Exception e)
        {
            LogBug(e); // the fence of a request
            http.Abort();
        }
    }

    private async Task PassOnAsync(HttpContext http)
    {
        var request = http.Request;
        var gone = http.RequestAborted;
        if (!Guid.TryParseExact(request.Headers[TurnHeaders.Turn].ToString(), "n", out var turn) || modelOf(turn) is not { } model)
        {
            await RefuseAsync(http, NoTurn, "the turn has ended").ConfigureAwait(false);
            return;
        }

        var route = Routes.Of(request);
        if (route.ChangesModel)
            await model.Current.SaveBeforeAdaptersChangeAsync(gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var hasBody = request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0;
        Func<HttpContent>? body = hasBody ? () => new ClientBodyContent(request, options, time) : null;
        var (response, failure) = await model.Sender.SendAsync(RequestHead.Of(request), body, isRepeatable: false, gone)
            .ConfigureAwait(false);
        if (route.TouchesState)
            model.Current.Suspect($"a client of another proxy changed its state through {request.Path}");
        if (response is null)
        {
            LogNoAnswer(model.Name, failure!.Message);
            if (failure.Kind is FailureKind.BackendUnreachable or FailureKind.BackendClosed)
                await model.RestartsAsync(gone).ConfigureAwait(false); // so that the next turn finds it ended
            await RefuseAsync(http, failure, "its server does not answer").ConfigureAwait(false);
            return;
        }

        using (response)
            await AnswerAsync(http, response, gone).ConfigureAwait(false);
    }

    private async Task AnswerAsync(HttpContext http, HttpResponseMessage response, CancellationToken gone)
    {
        var to = new ClientSink(http) { StatusCode = (int)response.StatusCode };
        HeaderRules.CopyToClient(response, to.Headers);
        var from = await response.Content.ReadAsStreamAsync(gone).ConfigureAwait(false);
        await to.FlushAsync(gone).ConfigureAwait(false); // the headers do not wait for the first event
        if (await _copier.CopyAsync(from, to, static _ => { }, gone).ConfigureAwait(false) == CopyEnd.Complete)
            await to.CompleteAsync().ConfigureAwait(false);
        else
            to.Abort(); // a part must not look like the whole
    }

    private static Task RefuseAsync(HttpContext http, ProxyFailure failure, string reason)
    {
        http.Response.Headers[TurnHeaders.Refused] = reason;
        return FailureWriter.WriteAsync(new ClientSink(http), failure);
    }

    [LoggerMessage(LogLevel.Debug, "The server of model {Model} did not answer another proxy's request: {Problem}")]
    private partial void LogNoAnswer(string model, string problem);

    [LoggerMessage(LogLevel.Error, "Passing on another proxy's request failed because of a bug in the proxy.")]
    private partial void LogBug(Exception exception);
}
