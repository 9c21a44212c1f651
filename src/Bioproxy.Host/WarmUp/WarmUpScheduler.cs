using Bioproxy.Host.Configuration;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Bioproxy.Host.Threading;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.WarmUp;

/// <summary>
/// Keeps the snapshot of every template fresh on every model: checks at start, by interval, when a file changed and when a backend changed.
/// What is missing is computed in the warm-up lane, gives way to users within a batch, continues where it stopped, and is saved once a
/// version. A check that finds nothing changed asks the backend nothing, so a server that wants to sleep may.
/// </summary>
internal sealed partial class WarmUpScheduler(
    IEnumerable<ModelWarmUp> models, TemplateLibrary templates, ProxyMetrics metrics, ProxyOptions options, TimeProvider time,
    ILogger<WarmUpScheduler> logger) : BackgroundService
{
    private readonly ILogger<WarmUpScheduler> _logger = logger;
    private readonly WakeSignal _wake = new();
    private readonly GrowingList<ModelWarmUp> _models = new(models);

    /// <summary>The warm-ups of each model, in the order of the configuration.</summary>
    public IReadOnlyList<ModelWarmUp> Models => _models.Items;

    /// <summary>A model was found.</summary>
    public void Add(ModelWarmUp model)
    {
        _models.Add(model);
        _wake.Set();
    }

    /// <summary>Check now: something changed.</summary>
    public void Poke() => _wake.Set();

    /// <summary>One round over all templates, on all models at once.</summary>
    /// <returns>False when a warm-up gave way and wants its next turn soon.</returns>
    public async Task<bool> CheckAsync(CancellationToken stopping)
    {
        metrics.WarmUpChecked();
        await templates.RefreshAllAsync(stopping).ConfigureAwait(false);
        var done = await Task.WhenAll(Models.Select(model => model.CheckAsync(_wake, stopping))).ConfigureAwait(false);
        return done.All(static isDone => isDone);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var interval = options.WarmUpCheckInterval;
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

    [LoggerMessage(LogLevel.Error, "The warm-up check failed; the next one follows.")]
    private partial void LogLoopFailed(Exception exception);
}
