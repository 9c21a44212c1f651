using System.Collections.Immutable;

namespace Bioproxy.Host.Backends;

/// <summary>The backends: the configured ones in the order of the file, then the models of servers with several as they are found. One that
/// is known stays known.</summary>
internal sealed class BackendDirectory : IDisposable
{
    private readonly Lock _lock = new();
    private ImmutableArray<Backend> _all;
    private Action<Backend>? _added;

    public BackendDirectory(IEnumerable<Backend> backends)
    {
        _all = [.. backends];
        foreach (var backend in _all)
            backend.Server?.Subscribe(Add);
    }

    public IReadOnlyList<Backend> All => _all;

    /// <summary>The first one: what names no other goes there.</summary>
    public Backend Default => _all[0];

    /// <summary>Tells of every backend that is added from now on. Called without a lock; must be quick and must not throw.</summary>
    /// <returns>Those that are there already.</returns>
    public IReadOnlyList<Backend> Subscribe(Action<Backend> added)
    {
        lock (_lock)
        {
            _added += added;
            return _all;
        }
    }

    /// <summary>Checks all of them, also those that are added, until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        List<Task> running = [];
        foreach (var backend in Subscribe(Start))
            Start(backend);
        await Task.Delay(Timeout.InfiniteTimeSpan, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Task[] all;
        lock (running)
            all = [.. running];
        await Task.WhenAll(all).ConfigureAwait(false);

        void Start(Backend backend)
        {
            lock (running)
                running.Add(backend.Monitor.RunAsync(stopping));
        }
    }

    public void Dispose()
    {
        foreach (var backend in _all)
            backend.Dispose();
    }

    private void Add(Backend backend)
    {
        Action<Backend>? added;
        lock (_lock)
        {
            _all = _all.Add(backend);
            added = _added;
        }

        added?.Invoke(backend);
    }
}
