using Bioproxy.Host.Threading;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Pool;

/// <content>What the pool does outside of its lock: loading, stopping, and what follows.</content>
internal sealed partial class ModelPool
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    /// <summary>Connections break at the end of a process; that it has ended is known when its output has been read.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(3);

    /// <summary>Does whatever can be done now. Called after every change.</summary>
    private void Advance()
    {
        PoolPlan plan;
        var granted = new List<(PoolWaiter Waiter, PoolResult Result)>();
        var abandoned = new List<CancellationTokenSource>();
        lock (_lock)
        {
            var now = Now;
            plan = PoolPlanner.Plan(_entries.Values, _options, _rules, now);
            foreach (var entry in plan.Abandoned)
            {
                abandoned.Add(entry.Load!);
                SetState_NeedsLock(entry, PoolModelState.Stopping);
            }

            foreach (var entry in _entries.Values)
                entry.IsDraining = plan.Draining.Contains(entry);
            foreach (var entry in plan.DroppedPreloads)
                entry.IsPreloadWanted = false;
            foreach (var entry in plan.Retirements)
            {
                entry.IsClaimed = true;
                Track_NeedsLock(RetireAsync(entry, entry.Process!));
            }

            foreach (var entry in plan.Starts)
            {
                entry.Load = new CancellationTokenSource();
                SetState_NeedsLock(entry, PoolModelState.Loading);
                Track_NeedsLock(LoadAsync(entry, entry.Load));
            }

            foreach (var entry in _entries.Values.Where(entry => entry.CanLease))
            {
                granted.AddRange(entry.Waiters.Select(waiter => (waiter, Grant_NeedsLock(entry))));
                entry.Waiters.Clear();
            }

            if (!_isStopping)
                _timer.Change(plan.NextDue - now ?? Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        foreach (var (waiter, result) in granted)
            waiter.Complete(result);
        foreach (var load in abandoned)
            BoundedCall.Cancel(load);
        foreach (var entry in plan.DroppedPreloads)
            LogNotPreloaded(entry.Name);
        foreach (var entry in plan.Starts.Concat(plan.Abandoned))
            _listeners.Notify(entry.Name);
    }

    /// <summary>Only remembers the task, which begins with a yield: nothing of it runs under the lock.</summary>
    private void Track_NeedsLock(Task work)
    {
        _work.Add(work);
        _ = work.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

        void Forget(Task done)
        {
            lock (_lock)
                _work.Remove(done);
        }
    }

    private async Task LoadAsync(PoolEntry entry, CancellationTokenSource load)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        LogLoading(entry.Name);
        var begun = Now;
        ModelStart? start;
        try
        {
            start = await _factory.StartAsync(entry.Options, entry.Log, load.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (load.IsCancellationRequested)
        {
            start = null;
        }
        catch (Exception exception)
        {
            // The fence around the load: a mistake of ours must not leave the model loading for ever.
            start = ModelStart.Failed($"Model {entry.Name} could not be started: {exception.Message}");
            LogLoadThrew(exception, entry.Name);
        }

        if (start?.Process is { } process)
        {
            if (TryAccept(entry, process))
            {
                LogReady(entry.Name, process.Address, (Now - begun).TotalSeconds);
                _ = WatchAsync(entry, process);
                load.Dispose();
                return;
            }

            // The last caller has just left, or the pool is being stopped.
            await process.StopAsync().ConfigureAwait(false);
        }

        if (start?.Problem is { } problem)
            LogFailed(problem);
        else
            LogAbandoned(entry.Name);
        End(entry, start?.Problem);
        load.Dispose();
    }

    /// <returns>False when the load was given up meanwhile.</returns>
    private bool TryAccept(PoolEntry entry, IModelProcess process)
    {
        List<(PoolWaiter Waiter, PoolResult Result)> granted;
        lock (_lock)
        {
            if (_isStopping || entry.State != PoolModelState.Loading)
                return false;
            (entry.Process, entry.Load, entry.IsPreloadWanted, entry.Problem) = (process, null, false, null);
            entry.Generation++;
            entry.ReadySince = entry.LastUsed = Now;
            entry.LoadTime.Add((_time.GetUtcNow() - entry.Since).TotalSeconds);
            SetState_NeedsLock(entry, PoolModelState.Ready);

            // Here, not in the next plan: they come before everything that is decided about the model from now on.
            granted = [.. entry.Waiters.Select(waiter => (waiter, Grant_NeedsLock(entry)))];
            entry.Waiters.Clear();
        }

        foreach (var (waiter, result) in granted)
            waiter.Complete(result);
        _listeners.Notify(entry.Name);
        Advance();
        return true;
    }

    /// <summary>The end of a load that gave no process.</summary>
    private void End(PoolEntry entry, string? problem)
    {
        List<PoolWaiter> failed = [];
        TimeSpan pause = default;
        lock (_lock)
        {
            entry.Load = null;
            if (problem is not null)
            {
                failed = [.. entry.Waiters];
                entry.Waiters.Clear();
                entry.IsPreloadWanted = false;
                pause = Fail_NeedsLock(entry, problem, hasStartFailed: true);
            }
            else
            {
                SetState_NeedsLock(entry, PoolModelState.Unloaded);
            }

            CompleteUnloaders_NeedsLock(entry);
        }

        foreach (var waiter in failed)
            waiter.Complete(Refused(PoolFailureKind.StartFailed, problem!, pause));
        _listeners.Notify(entry.Name);
        Advance();
    }

    /// <summary>Stops an idle model, unless it is in use after all.</summary>
    private async Task RetireAsync(PoolEntry entry, IModelProcess process)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        int signals;
        lock (_lock)
            signals = entry.IdleSignals;
        var isBusy = IsBusyElsewhere(entry.Name);
        lock (_lock)
        {
            entry.IsClaimed = false;
            var isOver = _isStopping || entry.State != PoolModelState.Ready || entry.Process != process;
            if (isBusy && !isOver)
            {
                entry.LastUsed = Now;
                entry.IsBusyElsewhere = signals == entry.IdleSignals;
            }

            isBusy |= isOver;
            if (!isBusy)
                SetState_NeedsLock(entry, PoolModelState.Stopping);
        }

        if (isBusy)
            Advance();
        else
            await StopAsync(entry).ConfigureAwait(false);
    }

    /// <summary>Saves and stops a model whose state is already <see cref="PoolModelState.Stopping"/>.</summary>
    private async Task StopAsync(PoolEntry entry)
    {
        _listeners.Notify(entry.Name);
        LogStopping(entry.Name);
        var process = entry.Process!;
        var saved = await BoundedCall.RunAsync(
            async token =>
            {
                await _use.SaveBeforeUnloadAsync(entry.Name, _rules.SaveLimit, token).ConfigureAwait(false);
                return true;
            },
            _rules.SaveLimit,
            _time,
            late: null,
            CancellationToken.None).ConfigureAwait(false);
        if (saved.End != CallEnd.Completed)
            LogNotSaved(saved.Error, entry.Name);
        await process.StopAsync().ConfigureAwait(false);
        lock (_lock)
        {
            (entry.Process, entry.Leases, entry.IsBusyElsewhere, entry.Failures) = (null, 0, false, 0);
            entry.Generation++;
            SetState_NeedsLock(entry, PoolModelState.Unloaded);
            CompleteUnloaders_NeedsLock(entry);
        }

        _listeners.Notify(entry.Name);
        Advance();
    }

    /// <summary>Notices a crash. Never fails, and ends with the process.</summary>
    private async Task WatchAsync(PoolEntry entry, IModelProcess process) =>
        Crashed(entry, process, await process.Ended.ConfigureAwait(false));

    /// <summary>A process has ended; nothing changes when that is known already, or when the pool has ended it.</summary>
    private void Crashed(PoolEntry entry, IModelProcess process, ModelExit exit)
    {
        lock (_lock)
        {
            if (entry.Process != process || entry.State != PoolModelState.Ready)
                return;
            if (Now - entry.ReadySince >= LongestPause)
                entry.Failures = 0;
            (entry.Process, entry.Leases, entry.IsBusyElsewhere) = (null, 0, false);
            entry.Generation++;
            Fail_NeedsLock(entry, exit.Problem, hasStartFailed: false);
            CompleteUnloaders_NeedsLock(entry);
        }

        LogFailed(exit.Problem);
        _listeners.Notify(entry.Name);
        Advance();
    }

    /// <returns>The pause before the next attempt.</returns>
    private TimeSpan Fail_NeedsLock(PoolEntry entry, string problem, bool hasStartFailed)
    {
        entry.Failures++;
        var pause = FirstPause * Math.Pow(2, Math.Min(entry.Failures - 1, 10));
        pause = pause < LongestPause ? pause : LongestPause;
        (entry.Problem, entry.RetryAt, entry.HasStartFailed) = (problem, Now + pause, hasStartFailed);
        SetState_NeedsLock(entry, PoolModelState.Failed);
        return pause;
    }

    private static void CompleteUnloaders_NeedsLock(PoolEntry entry)
    {
        if (entry.IsResident)
            return;

        // Their continuations run elsewhere.
        foreach (var unloader in entry.Unloaders)
            unloader.TrySetResult();
        entry.Unloaders.Clear();
    }

    private void SetState_NeedsLock(PoolEntry entry, PoolModelState state) => (entry.State, entry.Since) = (state, _time.GetUtcNow());

    private bool IsBusyElsewhere(string name)
    {
        try
        {
            return _use.IsBusy(name);
        }
        catch (Exception exception)
        {
            // The fence around the question: in doubt the model is in use.
            LogAskingThrew(exception, name);
            return true;
        }
    }

    [LoggerMessage(LogLevel.Information, "Model {Model} is being loaded.")]
    private partial void LogLoading(string model);

    [LoggerMessage(LogLevel.Information, "Model {Model} is ready at {Address} after {Seconds:0.0} s.")]
    private partial void LogReady(string model, Uri address, double seconds);

    [LoggerMessage(LogLevel.Information, "The load of model {Model} was stopped: no request waits for it any more.")]
    private partial void LogAbandoned(string model);

    [LoggerMessage(LogLevel.Information, "Model {Model} is being stopped.")]
    private partial void LogStopping(string model);

    [LoggerMessage(LogLevel.Warning, "The slots of model {Model} were not all saved before it was stopped.")]
    private partial void LogNotSaved(Exception? exception, string model);

    [LoggerMessage(LogLevel.Warning, "Model {Model} is not preloaded: the pool has no room for it.")]
    private partial void LogNotPreloaded(string model);

    [LoggerMessage(LogLevel.Warning, "{Problem}")]
    private partial void LogFailed(string problem);

    [LoggerMessage(LogLevel.Error, "Asking whether model {Model} is in use failed; it is kept.")]
    private partial void LogAskingThrew(Exception exception, string model);

    [LoggerMessage(LogLevel.Error, "Starting model {Model} failed.")]
    private partial void LogLoadThrew(Exception exception, string model);
}
