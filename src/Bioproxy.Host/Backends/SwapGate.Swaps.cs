using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Backends;

/// <content>What the gate does outside of its lock: saving and unloading models, and stopping loads.</content>
internal sealed partial class SwapGate
{
    /// <param name="target">The model that takes the room; null where one is only unloaded.</param>
    /// <param name="victims">The models that go.</param>
    private async Task SwapAsync(SwapModel? target, List<SwapModel> victims)
    {
        foreach (var victim in victims)
            await LeaveAsync(victim, target?.Name).ConfigureAwait(false);
        lock (_lock)
        {
            _isSwapping = false;
            if (target?.State is SwapState.Out or SwapState.Gone)
                target.State = SwapState.Coming;
            target?.IsClosed = false;
        }

        Decide();
    }

    /// <summary>The clients that a model was being loaded for have left. Nobody is let in before it is known what became of it.</summary>
    private async Task StopLoadAsync(SwapModel model)
    {
        var isLoaded = false;
        try
        {
            isLoaded = await StopLoad!(model.Name, CancellationToken.None).ConfigureAwait(false);
            if (!isLoaded)
                LogLoadStopped(model.Name);
        }
        catch (Exception e)
        {
            LogStopFailed(model.Name, e); // the fence of a background task
        }

        lock (_lock)
        {
            _isSwapping = false;
            model.IsAbandoned = false;
            model.State = isLoaded ? SwapState.Here : SwapState.Out;
        }

        Decide();
    }

    /// <summary>Saves what a model holds, and makes it go. Never throws: the swap continues whatever happens.</summary>
    private async Task LeaveAsync(SwapModel victim, string? target)
    {
        if (target is null)
            LogUnloaded(victim.Name);
        else
            LogSwap(victim.Name, target);
        using var late = new CancellationTokenSource(maxSave, time);
        await victim.Leaving.CancelAsync().ConfigureAwait(false);
        try
        {
            if (victim.Listener is { } listener)
                await listener.SaveAsync(late.Token).WaitAsync(maxSave, time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            LogSlow(victim.Name, maxSave.TotalSeconds);
        }
        catch (Exception e)
        {
            LogFailed(victim.Name, e); // the fence of a background task
        }

        Task quiet;
        lock (_lock)
        {
            victim.State = SwapState.Gone;
            victim.IsClosed = false;
            victim.Leaving = new CancellationTokenSource();
            victim.Quiet = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            quiet = victim.Calls == 0 ? Task.CompletedTask : victim.Quiet.Task;
        }

        await quiet.WaitAsync(maxSave, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        victim.Listener?.Gone();
        if (Unload is { } unload)
            await unload(victim.Name, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(LogLevel.Information, "Model {Victim} makes room for {Target}.")]
    private partial void LogSwap(string victim, string target);

    [LoggerMessage(LogLevel.Information, "Model {Model} is being unloaded on request.")]
    private partial void LogUnloaded(string model);

    [LoggerMessage(LogLevel.Information, "The load of model {Model} was stopped: no request waits for it any more.")]
    private partial void LogLoadStopped(string model);

    [LoggerMessage(LogLevel.Error, "Stopping the load of model {Model} failed.")]
    private partial void LogStopFailed(string model, Exception exception);

    [LoggerMessage(LogLevel.Warning, "Saving what model {Model} holds took longer than {Seconds:0.###} s (swap.max_save_seconds).")]
    private partial void LogSlow(string model, double seconds);

    [LoggerMessage(LogLevel.Error, "Saving what model {Model} holds failed.")]
    private partial void LogFailed(string model, Exception exception);
}
