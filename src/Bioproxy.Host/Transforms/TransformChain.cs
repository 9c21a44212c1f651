using Bioproxy.Abstractions;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Transforms;

/// <summary>Runs plugins' transforms, fenced: a plugin that throws, blocks or never ends costs its request, and nothing else.</summary>
internal sealed partial class TransformChain : IDisposable
{
    private readonly TimeSpan _budget;
    private readonly ProxyMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<TransformChain> _logger;
    private readonly BlockWatch _watch;

    /// <param name="budget">The longest one request may spend in transforms.</param>
    /// <param name="metrics">Counts calls and failures.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears of failures.</param>
    public TransformChain(TimeSpan budget, ProxyMetrics metrics, TimeProvider time, ILogger<TransformChain> logger)
    {
        _budget = budget;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _watch = new BlockWatch(budget, time);
    }

    /// <summary>
    /// Runs all transforms over a prompt on the caller's thread, as far as they do not yield it: the way over another thread costs a
    /// tenth of the proxy's throughput. When one of them blocks the thread beyond the budget, the request is answered from another
    /// one; this method returns when the plugin lets go.
    /// </summary>
    /// <param name="transforms">What runs, in this order.</param>
    /// <param name="context">The prompt.</param>
    /// <param name="answer">Answers the request with a failure in the blocked thread's stead.</param>
    /// <param name="cancellationToken">The client's leaving, noticed where a transform yields.</param>
    /// <returns>How it went; failures are values. Without any transform it is there at once.</returns>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public async ValueTask<TransformResult> RunHereAsync(IReadOnlyList<PluginTransform> transforms, PromptContext context, Func<TransformFailure, Task> answer, CancellationToken cancellationToken)
    {
        if (transforms.Count == 0)
            return default;
        cancellationToken.ThrowIfCancellationRequested();
        var run = new TransformRun(transforms[0]);
        var stop = new CancellationTokenSource();
        var call = _watch.Enter(run, culprit =>
        {
            Cancel(stop);
            return answer(TimedOut(culprit.Part, culprit.Started).Failure!);
        });
        var work = RunAllAsync(transforms, run, context, stop.Token);
        if (_watch.Leave(call) is { } answered)
        {
            await answered;
            return new TransformResult(null, IsAnswered: true);
        }

        return await WaitAsync(run, work, stop, cancellationToken);
    }

    public void Dispose() => _watch.Dispose();

    /// <summary>Runs all transforms over a prompt, one after the other, on another thread.</summary>
    /// <returns>How it went; failures are values. Without any transform it is there at once.</returns>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public ValueTask<TransformResult> RunAsync(IReadOnlyList<PluginTransform> transforms, PromptContext context, CancellationToken cancellationToken) =>
        transforms.Count == 0 ? default : new(RunFencedAsync(transforms, context, cancellationToken));

    private async Task<TransformResult> RunFencedAsync(IReadOnlyList<PluginTransform> transforms, PromptContext context, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var run = new TransformRun(transforms[0]);

        // Not linked to the client's token: a plugin's callback on it would run, and could block, on the thread that noticed the
        // client's leaving. Not disposed when abandoned: the plugin still holds its token.
        var stop = new CancellationTokenSource();

        // A plugin that blocks its thread must not block ours.
        return await WaitAsync(run, Task.Run(() => RunAllAsync(transforms, run, context, stop.Token), CancellationToken.None), stop, cancellationToken);
    }

    private async ValueTask<TransformResult> WaitAsync(TransformRun run, Task<TransformResult> work, CancellationTokenSource stop, CancellationToken cancellationToken)
    {
        try
        {
            TransformResult result;
            try
            {
                result = await work.WaitAsync(_budget, _time, cancellationToken);
            }
            catch (TimeoutException) when (run.TryAbandon(out var culprit))
            {
                Cancel(stop);
                return TimedOut(culprit.Part, culprit.Started);
            }
            catch (TimeoutException)
            {
                result = await work;
            }

            stop.Dispose();
            return result;
        }
        catch (OperationCanceledException)
        {
            // RunAllAsync throws nothing, so this is the client's leaving.
            run.TryAbandon(out _);
            Cancel(stop);
            throw;
        }
    }

    /// <summary>The chain on its own thread. Never throws, so a chain nobody waits for leaves no unobserved exception.</summary>
    private async Task<TransformResult> RunAllAsync(IReadOnlyList<PluginTransform> transforms, TransformRun run, PromptContext context, CancellationToken stop)
    {
        for (var i = 0; i < transforms.Count; i++)
        {
            var transform = transforms[i];
            var started = _time.GetTimestamp();
            if (!run.Begin(transform, started))
                return default;

            Exception? error = null;
            try
            {
                await transform.TransformAsync(context, stop);
            }
            catch (Exception e)
            {
                // The fence around a plugin's code.
                error = e;
            }

            if (!run.End(last: error is not null || i == transforms.Count - 1))
                return default;
            transform.Called();
            _metrics.PluginCalled(transform.Plugin, _time.GetElapsedTime(started));
            if (error is not null)
                return Threw(transform, error);
        }

        return default;
    }

    private TransformResult Threw(PluginTransform transform, Exception error)
    {
        // A template's exception is already written for a reader; of others the type says more than half of the message.
        var reason = error is TemplateException ? error.Message : $"{error.GetType().Name}: {error.Message}";
        LogThrew(transform.Plugin, transform.Name, error);
        return Failed(transform, TransformFailureKind.Exception, "exception", $"failed: {reason}");
    }

    private TransformResult TimedOut(PluginPart transform, long? started)
    {
        if (started is { } timestamp)
        {
            transform.Called();
            _metrics.PluginCalled(transform.Plugin, _time.GetElapsedTime(timestamp));
        }

        LogTimedOut(transform.Plugin, transform.Name, started is not null, _budget.TotalMilliseconds);
        return Failed(transform, TransformFailureKind.Timeout, "timeout", started is null
            ? $"was not reached within {_budget.TotalMilliseconds} ms: no thread was free to run it."
            : $"did not end within {_budget.TotalMilliseconds} ms (plugin_time_budget_ms).");
    }

    private TransformResult Failed(PluginPart transform, TransformFailureKind kind, string type, string what)
    {
        _metrics.PluginFailed(transform.Plugin, type);
        transform.Failed(new PluginError(_time.GetUtcNow(), transform.Name, what));
        return new TransformResult(new TransformFailure(transform.Plugin, transform.Name, kind, $"Transform '{transform.Name}' of plugin '{transform.Plugin}' {what}"));
    }

    // On another thread, because a plugin's callbacks run there; what they throw is theirs.
    private static void Cancel(CancellationTokenSource stop) =>
        _ = stop.CancelAsync().ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Transform '{Transform}' of plugin '{Plugin}' threw; its request fails")]
    private partial void LogThrew(string plugin, string transform, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Transform '{Transform}' of plugin '{Plugin}' (reached: {Reached}) was abandoned after {Budget} ms; its request fails")]
    private partial void LogTimedOut(string plugin, string transform, bool reached, double budget);
}
