using Bioproxy.Host.Models;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Bioproxy.Host.Threading;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.WarmUp;

/// <summary>
/// Keeps the snapshot of every template fresh: checks at start, by interval, when a file changed and when the backend changed. What is
/// missing is computed in the warm-up lane, gives way to users within a batch, continues where it stopped, and is saved once a version. A
/// check that finds nothing changed asks the backend nothing, so a server that wants to sleep may.
/// </summary>
internal sealed partial class WarmUpScheduler(
    ServedModel model, StaticPrefixFinder finder, TemplateLibrary templates, WarmUpStatuses statuses, ProxyMetrics metrics,
    ILogger<WarmUpScheduler> logger) : BackgroundService
{
    private readonly ILogger<WarmUpScheduler> _logger = logger;
    private readonly WakeSignal _wake = new();

    /// <summary>The warm-ups of the current instance by trigger.</summary>
    private Dictionary<string, TemplateWarmUp> _warmUps = new(StringComparer.Ordinal);
    private ModelInstance? _instance;

    /// <summary>Check now: something changed.</summary>
    public void Poke() => _wake.Set();

    /// <summary>One round over all templates.</summary>
    /// <returns>False when a warm-up gave way and wants its next turn soon.</returns>
    public async Task<bool> CheckAsync(CancellationToken stopping)
    {
        metrics.WarmUpChecked();
        await templates.RefreshAllAsync(stopping).ConfigureAwait(false);
        UseCurrentInstance();
        var isAllDone = true;
        foreach (var trigger in templates.Prefixes)
        {
            try
            {
                isAllDone &= await _warmUps[trigger].CheckAsync(stopping).ConfigureAwait(false);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                statuses.Fail(trigger, "internal", $"{e.GetType().Name}: {e.Message}");
                LogTemplateFailed(trigger, e);
            }
        }

        return isAllDone;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (interval, time) = (model.Context.Options.WarmUpCheckInterval, model.Context.Time);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await CheckAsync(stoppingToken).ConfigureAwait(false))
                    await _wake.WaitAsync(interval, time, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogLoopFailed(e);
                await Task.Delay(interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>A check follows when the instance is recognised, and when another one has taken its place.</summary>
    private void UseCurrentInstance()
    {
        var current = model.Current;
        if (ReferenceEquals(current, _instance))
            return;
        _instance = current;
        current.Retired.UnsafeRegister(static wake => ((WakeSignal)wake!).Set(), _wake);
        _ = current.Recognition.Recognised.ContinueWith(
            static (_, wake) => ((WakeSignal)wake!).Set(),
            _wake,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        _warmUps = templates.Prefixes.ToDictionary(
            t => t, t => new TemplateWarmUp(t, model, current, finder, statuses, metrics), StringComparer.Ordinal);
    }

    [LoggerMessage(LogLevel.Error, "Warming {Trigger} failed because of a bug in the proxy.")]
    private partial void LogTemplateFailed(string trigger, Exception exception);

    [LoggerMessage(LogLevel.Error, "The warm-up check failed; the next one follows.")]
    private partial void LogLoopFailed(Exception exception);
}
