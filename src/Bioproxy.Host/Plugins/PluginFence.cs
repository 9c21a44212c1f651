using Bioproxy.Abstractions;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Threading;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Plugins;

/// <summary>
/// Calls plugin code within a time budget. A plugin that throws, blocks or never ends costs its request and nothing else: failures are
/// values, and each is counted, logged and kept as its part's last error once. Only the caller's own token counts as the client's leaving.
/// </summary>
internal sealed partial class PluginFence : IDisposable
{
    private readonly ProxyMetrics _metrics;
    private readonly ILogger<PluginFence> _logger;
    private readonly BlockedThreadWatch _watch;

    /// <param name="budget">The longest one run of plugin code may take.</param>
    /// <param name="metrics">Counts calls and failures.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logs failures.</param>
    public PluginFence(PluginBudget budget, ProxyMetrics metrics, TimeProvider time, ILogger<PluginFence> logger)
    {
        Budget = budget;
        Time = time;
        _metrics = metrics;
        _logger = logger;
        _watch = new BlockedThreadWatch(budget.Limit, time);
    }

    public PluginBudget Budget { get; }

    public TimeProvider Time { get; }

    private string DidNotEnd => $"did not end within {Budget.Text}.";

    /// <summary>
    /// Calls parts one after the other on the caller's thread, as far as they do not yield it: the way over another thread costs a tenth of
    /// the proxy's throughput. When one of them blocks the thread beyond the budget, the request is answered from another thread; this
    /// method returns when the plugin lets go.
    /// </summary>
    /// <param name="parts">The parts, in this order; at least one.</param>
    /// <param name="call">Calls one part. Its token is cancelled when the part is abandoned.</param>
    /// <param name="answer">Answers the request with a failure on behalf of the blocked thread.</param>
    /// <param name="clientGone">The client's leaving, noticed where a part yields.</param>
    public async ValueTask<PluginResult> RunHereAsync<TPart>(
        IReadOnlyList<TPart> parts,
        Func<TPart, CancellationToken, ValueTask> call,
        Func<PluginFailure, Task> answer,
        CancellationToken clientGone)
        where TPart : PluginPart
    {
        if (clientGone.IsCancellationRequested)
            return new PluginResult(ClientLeft: true);
        var run = new PluginRun(parts[0]);
        var stop = new CancellationTokenSource();
        var watched = _watch.Enter(run, culprit =>
        {
            BoundedCall.Cancel(stop);
            return answer(TimedOut(culprit));
        });
        var work = CallAllAsync(parts, call, run, stop.Token);
        if (_watch.Leave(watched) is { } answered)
        {
            await answered.ConfigureAwait(false);
            return new PluginResult(IsAnswered: true);
        }

        return await WaitAsync(run, work, stop, interruption: null, clientGone).ConfigureAwait(false);
    }

    /// <summary>Calls parts one after the other on a pool thread; a part that blocks that thread does not block the caller.</summary>
    /// <param name="parts">The parts, in this order; at least one.</param>
    /// <param name="call">Calls one part. Its token is cancelled when the part is abandoned.</param>
    /// <param name="interruption">A failure of another plugin that makes the wait pointless; null for none.</param>
    /// <param name="clientGone">The client's leaving.</param>
    public async ValueTask<PluginResult> RunAsync<TPart>(
        IReadOnlyList<TPart> parts,
        Func<TPart, CancellationToken, ValueTask> call,
        Task<PluginFailure>? interruption,
        CancellationToken clientGone)
        where TPart : PluginPart
    {
        if (clientGone.IsCancellationRequested)
            return new PluginResult(ClientLeft: true);
        var run = new PluginRun(parts[0]);

        // Not linked to the client's token: a plugin's callbacks would run, and could block, on the thread that noticed the client's
        // leaving. Not disposed when abandoned: the plugin still holds its token.
        var stop = new CancellationTokenSource();
        var work = Task.Run(() => CallAllAsync(parts, call, run, stop.Token), CancellationToken.None);
        return await WaitAsync(run, work, stop, interruption, clientGone).ConfigureAwait(false);
    }

    /// <summary>Counts a call.</summary>
    public void Called(PluginPart part, TimeSpan duration)
    {
        part.Called();
        _metrics.PluginCalled(part.Plugin, duration);
    }

    /// <summary>Records that a part threw.</summary>
    /// <returns>The failure; that of another part if the exception only carries it.</returns>
    public PluginFailure Threw(PluginPart part, Exception exception)
    {
        if (exception is PluginFailureException recorded)
            return recorded.Failure;
        LogThrew(part.Plugin, part.What, part.Name, exception);

        // A template's exception is already written for a reader; of others the type says more than half of the message.
        var reason = exception is TemplateException ? exception.Message : $"{exception.GetType().Name}: {exception.Message}";
        return Failed(part, PluginFailureKind.Exception, "exception", $"failed: {reason}");
    }

    /// <summary>Records that a part was abandoned.</summary>
    /// <param name="part">The part.</param>
    /// <param name="wasReached">False when no thread was free to begin its call.</param>
    public PluginFailure TimedOut(PluginPart part, bool wasReached)
    {
        LogTimedOut(part.Plugin, part.What, part.Name, Budget.Text);
        var what = wasReached ? DidNotEnd : $"was not reached within {Budget.Text}: no thread was free to run it.";
        return Failed(part, PluginFailureKind.Timeout, "timeout", what);
    }

    /// <summary>The failure of a part that was abandoned, without recording it once more.</summary>
    public PluginFailure Abandoned(PluginPart part) => Describe(part, PluginFailureKind.Timeout, DidNotEnd);

    public void Dispose() => _watch.Dispose();

    private async ValueTask<PluginResult> WaitAsync(
        PluginRun run,
        Task<Exception?> work,
        CancellationTokenSource stop,
        Task<PluginFailure>? interruption,
        CancellationToken clientGone)
    {
        (PluginPart Part, long? Started) culprit = default;
        var end = CallEnd.Completed;
        if (!work.IsCompleted)
        {
            Task first = interruption is null ? work : Task.WhenAny(work, interruption);
            end = await BoundedCall.WaitAsync(first, () => run.TryAbandon(out culprit), Budget.Limit, Time, clientGone).ConfigureAwait(false);
        }

        if (end == CallEnd.Completed && (work.IsCompleted || !run.TryAbandon(out culprit)))
        {
            stop.Dispose();
            if (await work.ConfigureAwait(false) is not { } error)
                return default;

            // What fails because the client left, such as a write to it, is not the plugin's fault.
            return clientGone.IsCancellationRequested ? new PluginResult(ClientLeft: true) : new PluginResult(Threw(run.Current, error));
        }

        BoundedCall.Cancel(stop);
        if (end == CallEnd.TimedOut)
            return new PluginResult(TimedOut(culprit));
        CalledIfReached(culprit);
        return end == CallEnd.Cancelled ? new PluginResult(ClientLeft: true) : new PluginResult(await interruption!.ConfigureAwait(false));
    }

    /// <summary>Calls all parts. Never fails, so an abandoned run leaves no unobserved exception.</summary>
    /// <returns>What the newest part threw; null when all succeeded, or when the run was abandoned.</returns>
    private async Task<Exception?> CallAllAsync<TPart>(
        IReadOnlyList<TPart> parts, Func<TPart, CancellationToken, ValueTask> call, PluginRun run, CancellationToken stop)
        where TPart : PluginPart
    {
        for (var i = 0; i < parts.Count; i++)
        {
            var started = Time.GetTimestamp();
            if (!run.Begin(parts[i], started))
                return null;

            Exception? error = null;
            try
            {
                await call(parts[i], stop).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // The fence around a plugin's code.
                error = e;
            }

            if (!run.End(last: error is not null || i == parts.Count - 1))
                return null;
            Called(parts[i], Time.GetElapsedTime(started));
            if (error is not null)
                return error;
        }

        return null;
    }

    private PluginFailure TimedOut((PluginPart Part, long? Started) culprit)
    {
        CalledIfReached(culprit);
        return TimedOut(culprit.Part, culprit.Started is not null);
    }

    private void CalledIfReached((PluginPart Part, long? Started) culprit)
    {
        if (culprit.Started is { } started)
            Called(culprit.Part, Time.GetElapsedTime(started));
    }

    private PluginFailure Failed(PluginPart part, PluginFailureKind kind, string type, string what)
    {
        _metrics.PluginFailed(part.Plugin, type);
        part.Failed(new PluginError(Time.GetUtcNow(), part.Name, what));
        return Describe(part, kind, what);
    }

    private static PluginFailure Describe(PluginPart part, PluginFailureKind kind, string what)
    {
        var subject = $"{char.ToUpperInvariant(part.What[0])}{part.What[1..]} '{part.Name}' of plugin '{part.Plugin}'";
        return new PluginFailure(part.Plugin, part.Name, kind, $"{subject} {what}");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Plugin '{Plugin}': {What} '{Part}' threw; its request fails.")]
    private partial void LogThrew(string plugin, string what, string part, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Plugin '{Plugin}': {What} '{Part}' was abandoned after {Budget}; its request fails.")]
    private partial void LogTimedOut(string plugin, string what, string part, string budget);
}
