namespace Bioproxy.UnitTests.Fleet;

/// <summary>
/// Leaves one thread to the thread pool until it is disposed: whatever runs on the pool runs one piece after the other, in an order that
/// no machine's load changes. Tests that need this run alone.
/// </summary>
internal sealed class SoleWorker : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly (int Workers, int Ports) _least;
    private readonly (int Workers, int Ports) _most;
    private readonly ManualResetEventSlim _end = new();
    private readonly CountdownEvent _blocked = new(Math.Max(1, Environment.ProcessorCount - 1));

    public SoleWorker()
    {
        ThreadPool.GetMinThreads(out _least.Workers, out _least.Ports);
        ThreadPool.GetMaxThreads(out _most.Workers, out _most.Ports);

        // Fewer than the processors are not allowed; so all but one are given something to wait for.
        var all = Math.Max(2, Environment.ProcessorCount);
        if (!ThreadPool.SetMinThreads(all, _least.Ports) || !ThreadPool.SetMaxThreads(all, _most.Ports))
            throw new InvalidOperationException("The thread pool cannot be limited.");
        for (var i = 1; i < all; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static self =>
                {
                    self._blocked.Signal();
                    self._end.Wait();
                },
                this,
                preferLocal: false);
        }

        if (!_blocked.Wait(Limit))
            throw new InvalidOperationException("Something else keeps the thread pool's threads.");
    }

    public void Dispose()
    {
        _end.Set();
        ThreadPool.SetMaxThreads(_most.Workers, _most.Ports);
        ThreadPool.SetMinThreads(_least.Workers, _least.Ports);
    }
}
