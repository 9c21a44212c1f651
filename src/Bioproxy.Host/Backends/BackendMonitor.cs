using Bioproxy.Host.Threading;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Backends;

/// <summary>
/// Asks a backend by interval what it is, and publishes the state. A state ends when the backend went away, tells other facts, or showed
/// something that contradicts them (<see cref="Suspect"/>). Silence and a single error of the server end nothing.
/// </summary>
internal sealed partial class BackendMonitor(
    IBackendDriver driver, Uri url, TimeSpan interval, TimeProvider time, ILogger<BackendMonitor> logger) : IDisposable
{
    /// <summary>--sleep-idle-seconds counts whole seconds.</summary>
    private static readonly TimeSpan ShortestIdle = TimeSpan.FromMilliseconds(900);

    /// <summary>So many answers with a 5xx in a row are the server's state, not an accident.</summary>
    private const int Patience = 3;

    private readonly ILogger<BackendMonitor> _logger = logger;
    private readonly Lock _lock = new();
    private readonly WakeSignal _wake = new();
    private readonly SemaphoreSlim _checking = new(1, 1);
    private volatile IBackendListener[] _listeners = [];
    private volatile BackendState _state = BackendState.NotAsked;
    private volatile BackendFacts? _lastFacts;
    private (BackendState State, TaskCompletionSource Answered)? _asking;
    private int _failures;
    private long _lastTouch;

    public BackendState State => _state;

    /// <summary>What it told when it was last ready: for lists of models, of which some are not loaded. Nothing is decided by it.</summary>
    public BackendFacts? LastFacts => _lastFacts;

    /// <summary>Its model is loaded when a request needs it, and goes for another one: neither is worth a warning.</summary>
    public bool LoadsForRequests { get; init; }

    /// <summary>The backend's address.</summary>
    public Uri Url => url;

    /// <summary>Tells <paramref name="listener"/> of every change from now on.</summary>
    public void Subscribe(IBackendListener listener)
    {
        lock (_lock)
            _listeners = [.. _listeners, listener];
    }

    /// <summary>Something contradicts what is known: it is discarded now, and the backend is asked again at once.</summary>
    /// <param name="seen">The state that the observation contradicts; a later one is not concerned.</param>
    /// <param name="reason">For the log.</param>
    public void Suspect(BackendState seen, string reason)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(_state, seen))
                return;
            _state = new BackendState(BackendStatus.Unknown, null, reason);
        }

        LogSuspect(reason);
        Announce();
        _wake.Set();
    }

    /// <summary>What is known is discarded on purpose, because the model is about to go; the backend is asked again at once.</summary>
    public void Forget(string reason)
    {
        lock (_lock)
            _state = new BackendState(BackendStatus.Unknown, null, reason);
        Announce();
        _wake.Set();
    }

    /// <summary>The backend has changed: it is asked now, not at the next interval.</summary>
    public void CheckSoon() => _wake.Set();

    /// <summary>The backend did something just now: it cannot have been asleep since.</summary>
    public void Touch() => Interlocked.Exchange(ref _lastTouch, time.GetTimestamp());

    /// <summary>
    /// Before a request that would wake a sleeping server: after a second without any, it may have slept since (its shortest
    /// idle time), and what wakes has empty slots, and the weights that lie on disk by then. Nothing would tell afterwards.
    /// </summary>
    public ValueTask NoticeSleepAsync(CancellationToken cancellationToken) =>
        !_state.HasSlots || time.GetElapsedTime(Interlocked.Read(ref _lastTouch)) < ShortestIdle
            ? default
            : new(AskTogetherAsync(_state).WaitAsync(cancellationToken));

    /// <summary>Wakes a sleeping backend and asks it what it is then.</summary>
    public async Task WakeAsync(CancellationToken cancellationToken)
    {
        await driver.WakeAsync(cancellationToken).ConfigureAwait(false);
        await CheckAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Checks until it is stopped, by interval and whenever something was suspected.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await CheckAsync(stopping).ConfigureAwait(false);
                await _wake.WaitAsync(interval, time, stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogLoopFailed(e);
                await Task.Delay(interval, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Asks once and publishes what changed.</summary>
    public async Task<BackendState> CheckAsync(CancellationToken cancellationToken)
    {
        await _checking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var before = _state;
            var found = await driver.DiscoverAsync(before, cancellationToken).ConfigureAwait(false);
            _failures = found.Kind == DiscoveryKind.Failed ? _failures + 1 : 0;
            if (found.Kind == DiscoveryKind.Silence
                || (found.Kind == DiscoveryKind.Failed && before.Status == BackendStatus.Ready && _failures < Patience))
                return before;
            BackendState after;
            lock (_lock)
            {
                if (!ReferenceEquals(_state, before))
                {
                    _wake.Set(); // suspected while we asked: the answer may be of either process
                    return _state;
                }

                if (found.Status == before.Status && found.Facts == before.Facts && found.Problem == before.Problem)
                    return before;
                _state = after = new BackendState(found.Status, found.Facts, found.Problem);
                _lastFacts = found.Facts ?? _lastFacts;
            }

            Log(before, after);
            Announce();
            return after;
        }
        finally
        {
            _checking.Release();
        }
    }

    /// <summary>Whether the process is still the one of <paramref name="state"/>, as far as the backend tells.</summary>
    public async Task<ProcessCheck> CheckProcessAsync(BackendState state, CancellationToken cancellationToken) =>
        !ReferenceEquals(_state, state) || state.Facts is not { } facts
            ? ProcessCheck.Other
            : await driver.CheckProcessAsync(facts, cancellationToken).ConfigureAwait(false);

    public void Dispose() => _checking.Dispose();

    /// <summary>Requests that come at the same time share an answer.</summary>
    private Task AskTogetherAsync(BackendState state)
    {
        TaskCompletionSource asking;
        lock (_lock)
        {
            if (_asking is { } other && ReferenceEquals(other.State, state) && !other.Answered.Task.IsCompleted)
                return other.Answered.Task;
            asking = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _asking = (state, asking);
        }

        _ = AskAboutSleepAsync(state, asking);
        return asking.Task;
    }

    private async Task AskAboutSleepAsync(BackendState state, TaskCompletionSource answered)
    {
        try
        {
            if (await driver.CheckProcessAsync(state.Facts!, CancellationToken.None).ConfigureAwait(false) == ProcessCheck.Other)
                Suspect(state, "it slept, or was replaced");
            answered.TrySetResult();
        }
        catch (Exception e)
        {
            answered.TrySetException(e); // whoever waits says so
        }
    }

    private void Announce()
    {
        foreach (var listener in _listeners)
            listener.BackendChanged();
    }

    private void Log(BackendState before, BackendState after)
    {
        if (after.Status == BackendStatus.Ready)
        {
            var model = after.Facts?.ModelAlias ?? after.Facts?.ModelPath ?? "unknown model";
            LogReady(url, model, after.Facts?.TotalSlots?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown");
            if ((after.Problem ?? after.Facts?.Missing) is { } missing)
                LogMissing(missing);
        }
        else if (after.Status == BackendStatus.Unloaded || (after.Status == BackendStatus.Loading && LoadsForRequests))
        {
            LogUnloaded(url, after.Problem ?? string.Empty);
        }
        else if (after.Status != before.Status)
        {
            LogAway(
                url,
                after.Status switch
                {
                    BackendStatus.Loading => "is loading its model",
                    BackendStatus.Sleeping => "sleeps",
                    _ => "is not reachable",
                },
                after.Problem ?? string.Empty);
        }
    }

    [LoggerMessage(LogLevel.Information, "Backend {Url} is ready: {Model}, {Slots} slots.")]
    private partial void LogReady(Uri url, string model, string slots);

    [LoggerMessage(LogLevel.Warning, "{Missing}")]
    private partial void LogMissing(string missing);

    [LoggerMessage(LogLevel.Warning, "Backend {Url} {What}: {Problem}.")]
    private partial void LogAway(Uri url, string what, string problem);

    [LoggerMessage(LogLevel.Debug, "A model of {Url} is not loaded: {Problem}.")]
    private partial void LogUnloaded(Uri url, string problem);

    [LoggerMessage(LogLevel.Warning, "The backend may have restarted ({Reason}); slot state is discarded until it is re-checked.")]
    private partial void LogSuspect(string reason);

    [LoggerMessage(LogLevel.Error, "Checking the backend failed; the next check follows.")]
    private partial void LogLoopFailed(Exception exception);
}
