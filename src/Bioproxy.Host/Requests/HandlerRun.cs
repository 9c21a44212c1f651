using Bioproxy.Host.Http;
using Bioproxy.Host.Json;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Transforms;

namespace Bioproxy.Host.Requests;

/// <summary>Offers a request to handlers, fenced: one that throws, blocks or never ends costs its request, and nothing else.</summary>
internal sealed class HandlerRun(
    Exchange exchange, EditablePrompt prompt, PooledBody body, ResponseFilter? editor, BackendCaller backend, TimeSpan budget, ProxyMetrics metrics, TimeProvider time)
{
    private static readonly Task<PluginFailure> Never = new TaskCompletionSource<PluginFailure>().Task;

    private readonly byte[] _body = new SplicedBody(body.Memory, prompt.Splices()).ToArray();

    /// <summary>Offers it to one.</summary>
    /// <param name="handler">The handler.</param>
    /// <param name="hung">Completes when a response transform does not come back; null for none.</param>
    /// <param name="clientGone">The client's leaving.</param>
    /// <returns>Whether it answered; or how it failed, and nobody may look at the prompt again.</returns>
    public async Task<(bool IsAnswered, ProxyFailure? Failure)> TryAsync(PluginHandler handler, Task<PluginFailure>? hung, CancellationToken clientGone)
    {
        // Not linked to the client's token and not disposed when abandoned: the plugin holds it, and its callbacks are its own code.
        var stop = new CancellationTokenSource();
        var call = Call(stop.Token);
        var started = time.GetTimestamp();
        var work = Task.Run(() => AnswerAsync(handler, call, stop.Token), CancellationToken.None);
        try
        {
            var first = await Task.WhenAny(work, hung ?? Never).WaitAsync(budget > TimeSpan.Zero ? budget : Timeout.InfiniteTimeSpan, time, clientGone).ConfigureAwait(false);
            if (first != work)
                throw new PluginFailureException(await hung!.ConfigureAwait(false));
            var isAnswered = await work.ConfigureAwait(false);
            stop.Dispose();
            return (isAnswered, null);
        }
        catch (Exception e)
        {
            Cancel(stop);
            exchange.IsWaitingStream = prompt.Source.IsStream; // told as an event where the stream has begun
            if (!call.TryTakeBack())
                exchange.Http.Abort();
            return (false, FailureOf(handler, e, work, clientGone));
        }
        finally
        {
            call.End();
            handler.Called();
            metrics.PluginCalled(handler.Plugin, time.GetElapsedTime(started));
        }
    }

    private HandledRequest Call(CancellationToken stop)
    {
        var shape = new ReplyShape(prompt.Source.Endpoint, exchange.Route.Name == "completion", exchange.Id, prompt.Source.Model ?? "", time.GetUtcNow().ToUnixTimeSeconds());
        var reply = new ReplyWriter(exchange, shape, prompt.Source.IsStream, editor);
        return new HandledRequest(exchange.Http.Request.Path.Value ?? "/", prompt, _body, reply, (question, token) => backend.AskAsync(question, exchange.Http, prompt.Context.Lane, token), stop);
    }

    private static async Task<bool> AnswerAsync(PluginHandler handler, HandledRequest call, CancellationToken stop)
    {
        if (await handler.HandleAsync(call, stop).ConfigureAwait(false))
        {
            await call.CompleteAsync(stop).ConfigureAwait(false);
            return true;
        }

        return call.HasWritten ? throw new InvalidOperationException("it wrote a part of an answer and then left the request") : false;
    }

    private ProxyFailure FailureOf(PluginHandler handler, Exception e, Task work, CancellationToken clientGone)
    {
        if (clientGone.IsCancellationRequested)
            return new ProxyFailure(FailureKind.ClientGone, "The client left.");
        if (e is PluginFailureException response)
            return new ProxyFailure(response.Failure.Kind == PluginFailureKind.Timeout ? FailureKind.PluginTimedOut : FailureKind.PluginFailed, response.Message);
        var isLate = e is TimeoutException && !work.IsCompleted;
        var what = isLate ? $"did not end within {budget.TotalSeconds:0.###} s (handler_time_budget_seconds)." : $"failed: {e.GetType().Name}: {e.Message}";
        metrics.PluginFailed(handler.Plugin, isLate ? "timeout" : "exception");
        handler.Failed(new PluginError(time.GetUtcNow(), handler.Name, what));
        return new ProxyFailure(isLate ? FailureKind.PluginTimedOut : FailureKind.PluginFailed, $"Handler '{handler.Name}' of plugin '{handler.Plugin}' {what}");
    }

    // On another thread, because a plugin's callbacks run there; what they throw is theirs.
    private static void Cancel(CancellationTokenSource stop) =>
        _ = stop.CancelAsync().ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
