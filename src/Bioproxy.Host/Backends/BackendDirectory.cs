using Bioproxy.Host.Threading;

namespace Bioproxy.Host.Backends;

/// <summary>The backends: the configured ones in the order of the file, then the models of servers with several as they are found. One that
/// is known stays known.</summary>
internal sealed class BackendDirectory : IDisposable
{
    private readonly GrowingList<Backend> _all;

    public BackendDirectory(IEnumerable<Backend> backends)
    {
        _all = new GrowingList<Backend>(backends);
        foreach (var backend in All)
            backend.Server?.Subscribe(_all.Add);
    }

    public IReadOnlyList<Backend> All => _all.Items;

    /// <summary>Tells of every backend that is added from now on. Called without a lock; must be quick and must not throw.</summary>
    /// <returns>Those that are there already.</returns>
    public IReadOnlyList<Backend> Subscribe(Action<Backend> added) => _all.Subscribe(added);

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
            {
                running.Add(backend.Monitor.RunAsync(stopping));
                if (backend.Server is { } server)
                    running.Add(server.RunAsync(stopping));
            }
        }
    }

    public void Dispose()
    {
        foreach (var backend in All)
            backend.Dispose();
    }
}
