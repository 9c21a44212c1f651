using Bioproxy.Host.Models;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host;

/// <summary>
/// Saves what slots hold when the proxy stops; it would be computed again after the next start. Container engines kill a process ten
/// seconds after SIGTERM, so idle slots are saved at once, while running answers drain beside, and those that the drain left idle at its
/// end.
/// </summary>
internal sealed partial class StopSaver(ModelDirectory models, TimeProvider time, ILogger<StopSaver> logger)
{
    private readonly ILogger<StopSaver> _logger = logger;

    /// <summary>Saves what is idle now.</summary>
    /// <param name="limit">The longest wait; what is being saved then is finished in the background.</param>
    public async Task SaveAsync(TimeSpan limit)
    {
        using var stop = new CancellationTokenSource(limit, time);
        try
        {
            var saving = models.All
                .Select(model => model.Current.Saver.SaveAllAsync("before the stop", TimeSpan.Zero, goesFirst: true, stop.Token));
            await Task.WhenAll(saving).WaitAsync(limit, time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            LogSlow(limit.TotalSeconds);
        }
        catch (Exception e)
        {
            LogFailed(e); // the stop continues
        }
    }

    [LoggerMessage(LogLevel.Warning, "Saving before the stop took longer than {Seconds:0} s; what is not saved will be computed again.")]
    private partial void LogSlow(double seconds);

    [LoggerMessage(LogLevel.Error, "Saving before the stop failed.")]
    private partial void LogFailed(Exception exception);
}
