namespace Bioproxy.UnitTests.Fleet;

/// <summary>
/// Leaves one thread to the thread pool until it is disposed: whatever runs on the pool runs one piece after the other, in an order that
/// no machine's load changes. Tests that need this run alone. Threads that another test has left waiting for ever are not counted.
/// </summary>
internal sealed class SoleWorker : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>A thread that exists and is not stuck takes what waits for it sooner than this.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(1);

    private readonly (int Workers, int Ports) _least;
    private readonly (int Workers, int Ports) _most;
    private readonly ManualResetEventSlim _areTaken = new();
    private readonly ManualResetEventSlim _end = new();
    private int _taken;
    private int _sole;

    private SoleWorker()
    {
        ThreadPool.GetMinThreads(out _least.Workers, out _least.Ports);
        ThreadPool.GetMaxThreads(out _most.Workers, out _most.Ports);
        var all = Math.Max(Environment.ProcessorCount, ThreadPool.ThreadCount) + 2;
        if (!ThreadPool.SetMinThreads(all, _least.Ports) || !ThreadPool.SetMaxThreads(all, _most.Ports))
            throw new InvalidOperationException("The thread pool cannot be limited.");
        for (var i = 0; i < all; i++)
            ThreadPool.UnsafeQueueUserWorkItem(static self => self.Take(), this, preferLocal: false);

        if (!SpinWait.SpinUntil(() => ThreadPool.ThreadCount >= all && Volatile.Read(ref _taken) > 0, Limit))
            throw new InvalidOperationException("Something else keeps the thread pool's threads.");
        for (var before = -1; before != Volatile.Read(ref _taken);)
        {
            before = Volatile.Read(ref _taken);
            SpinWait.SpinUntil(() => Volatile.Read(ref _taken) == all, Settled);
        }

        _areTaken.Set();
    }

    /// <summary>Called from any thread, also from one of the pool, which must not be kept meanwhile.</summary>
    public static Task<SoleWorker> CreateAsync() => Task.Factory.StartNew(
        static () => new SoleWorker(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public void Dispose()
    {
        _end.Set();
        ThreadPool.SetMaxThreads(_most.Workers, _most.Ports);
        ThreadPool.SetMinThreads(_least.Workers, _least.Ports);
    }

    /// <summary>The thread that comes first is the one that is left; the others wait here until the end.</summary>
    private void Take()
    {
        var own = Environment.CurrentManagedThreadId;
        var sole = Interlocked.CompareExchange(ref _sole, own, 0);
        Interlocked.Increment(ref _taken);
        if (sole == 0 || sole == own)
            _areTaken.Wait();
        else
            _end.Wait();
    }
}
