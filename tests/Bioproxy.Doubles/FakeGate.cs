namespace Bioproxy.Doubles;

/// <summary>A point where requests are held until it is released. It stays open after that.</summary>
internal sealed class FakeGate : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<FakeRequest> _entered = [];
    private readonly List<(int Count, TaskCompletionSource<FakeRequest> Reached)> _waiters = [];

    /// <summary>Matches the requests that are held here; null for all.</summary>
    public Func<FakeRequest, bool>? Matches { get; init; }

    /// <summary>How many events (streamed) or tokens (not streamed) a request produces before it is held.</summary>
    public int AfterChunks { get; init; }

    /// <summary>A held request does not notice that its client left, like llama-server within a batch.</summary>
    public bool IgnoresLeaving { get; init; }

    /// <summary>All requests that arrived here, in order.</summary>
    public IReadOnlyList<FakeRequest> Entered
    {
        get
        {
            lock (_lock)
                return [.. _entered];
        }
    }

    public bool IsReleased => _released.Task.IsCompleted;

    /// <summary>The first request that is held here.</summary>
    public Task<FakeRequest> Reached => ReachedBy(1);

    /// <summary>The request number <paramref name="count"/> that is held here, counted from 1.</summary>
    public Task<FakeRequest> ReachedBy(int count)
    {
        lock (_lock)
        {
            if (_entered.Count >= count)
                return Task.FromResult(_entered[count - 1]);
            var reached = new TaskCompletionSource<FakeRequest>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, reached));
            return reached.Task;
        }
    }

    public void Release() => _released.TrySetResult();

    public void Dispose() => Release();

    internal async Task EnterAsync(FakeRequest request, CancellationToken left, CancellationToken killed)
    {
        List<(int Count, TaskCompletionSource<FakeRequest> Reached)> due;
        lock (_lock)
        {
            _entered.Add(request);
            due = _waiters.FindAll(w => w.Count <= _entered.Count);
            _waiters.RemoveAll(w => w.Count <= _entered.Count);
        }

        foreach (var (_, reached) in due)
            reached.TrySetResult(request);
        await _released.Task.WaitAsync(IgnoresLeaving ? killed : left);
    }
}
