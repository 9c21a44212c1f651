using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Saves conversations that have been idle, and removes snapshots beyond their limits now and then.</summary>
internal sealed partial class IdleSaveLoop(
    ModelDirectory models, SnapshotStore snapshots, ProxyOptions options, TimeProvider time, ILogger<IdleSaveLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan EvictionInterval = TimeSpan.FromMinutes(10);

    private readonly ILogger<IdleSaveLoop> _logger = logger;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var evicted = time.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(Math.Clamp(options.KvIdleSave.TotalSeconds / 2, 0.1, 10)), time);
        while (await NextAsync(timer, stoppingToken).ConfigureAwait(false))
        {
            try
            {
                await Task.WhenAll(models.All.Select(model =>
                    model.Current.Saver.SaveAllAsync("when idle", options.KvIdleSave, goesFirst: false, stoppingToken)))
                    .ConfigureAwait(false);
                if (time.GetElapsedTime(evicted) < EvictionInterval)
                    continue;
                evicted = time.GetTimestamp();
                snapshots.CleanUp();
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(e); // the fence of the loop
            }
        }
    }

    private static async ValueTask<bool> NextAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Error, "Saving idle conversations failed; the next attempt follows.")]
    private partial void LogFailed(Exception exception);
}
