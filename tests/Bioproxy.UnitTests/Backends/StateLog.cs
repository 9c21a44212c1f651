using Bioproxy.Host.Backends;

namespace Bioproxy.UnitTests.Backends;

/// <summary>The states that a monitor published, in order.</summary>
internal sealed class StateLog : IBackendListener
{
    private readonly BackendMonitor _monitor;
    private readonly Lock _lock = new();
    private readonly List<BackendState> _states = [];
    private readonly List<(BackendStatus Status, TaskCompletionSource Seen)> _waiters = [];
    private int _read;

    public StateLog(BackendMonitor monitor)
    {
        _monitor = monitor;
        monitor.Subscribe(this);
    }

    public IReadOnlyList<BackendState> States
    {
        get
        {
            lock (_lock)
                return [.. _states];
        }
    }

    /// <summary>Completes with the next state of this status that no earlier call has seen.</summary>
    public Task NextAsync(BackendStatus status)
    {
        lock (_lock)
        {
            for (var i = _read; i < _states.Count; i++)
            {
                if (_states[i].Status != status)
                    continue;
                _read = i + 1;
                return Task.CompletedTask;
            }

            _read = _states.Count;
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((status, seen));
            return seen.Task;
        }
    }

    public void BackendChanged()
    {
        lock (_lock)
        {
            var state = _monitor.State;
            if (_states.Count > 0 && ReferenceEquals(_states[^1], state))
                return;
            _states.Add(state);
            foreach (var (_, seen) in _waiters.Where(w => w.Status == state.Status))
                seen.TrySetResult();
            if (_waiters.RemoveAll(w => w.Status == state.Status) > 0)
                _read = _states.Count;
        }
    }
}
