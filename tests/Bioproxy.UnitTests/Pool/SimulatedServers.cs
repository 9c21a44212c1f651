using System.Collections.Concurrent;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;

namespace Bioproxy.UnitTests.Pool;

/// <summary>
/// Servers that take a while to start and to stop, and sometimes do not start; they watch that the pool keeps its promises.
/// </summary>
internal sealed class SimulatedServers(PoolOptions options, TimeProvider time, Random random) : IModelProcessFactory
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _asking = [];
    private readonly ConcurrentDictionary<Uri, FakeModelProcess> _processes = new();
    private readonly List<long> _memory = [];
    private int _ports = 9100;

    public ConcurrentQueue<string> Violations { get; } = [];

    public int Resident
    {
        get
        {
            lock (_lock)
                return _memory.Count;
        }
    }

    public long? MemoryOf(PoolModelOptions model) => model.Memory;

    /// <summary>Somebody wants the model, until the result is disposed.</summary>
    public IDisposable Ask(string model)
    {
        lock (_lock)
            _asking[model] = _asking.GetValueOrDefault(model) + 1;
        return new Asking(() =>
        {
            lock (_lock)
                _asking[model]--;
        });
    }

    public async Task<ModelStart> StartAsync(PoolModelOptions model, ModelLog log, CancellationToken cancellationToken)
    {
        Take(model);
        try
        {
            // Who asked may have left in this moment: then the load is stopped.
            await Eventually.TrueAsync(
                () => IsAsked(model.Name) || cancellationToken.IsCancellationRequested, Tolerances.Soon, "a load that somebody wants");
            await Task.Delay(TimeSpan.FromMilliseconds(Next(2000)), time, cancellationToken);
            if (Next(8) == 1)
            {
                Give(model);
                return ModelStart.Failed($"{model.Name} does not start");
            }
        }
        catch (OperationCanceledException)
        {
            Give(model);
            throw;
        }
        catch (TimeoutException)
        {
            Violations.Enqueue($"{model.Name} was loaded without a request");
        }

        var process = new FakeModelProcess(model.Name, Interlocked.Increment(ref _ports))
        {
            OnStop = () => Task.Delay(TimeSpan.FromMilliseconds(Next(500)), time),
        };
        process.OnEnded = () => Give(model);
        _processes[process.Address] = process;
        return ModelStart.Ready(process);
    }

    public void Crash(PoolLease lease) => _processes[lease.Address].Crash();

    public void AssertNotStopped(PoolLease? lease)
    {
        if (lease is not null && _processes[lease.Address].IsStopRequested)
            Violations.Enqueue($"{lease.Name} was stopped while it was in use");
    }

    private bool IsAsked(string model)
    {
        lock (_lock)
            return _asking.GetValueOrDefault(model) > 0;
    }

    private int Next(int most)
    {
        lock (_lock)
            return random.Next(1, most);
    }

    private void Take(PoolModelOptions model)
    {
        lock (_lock)
        {
            _memory.Add(model.Memory!.Value);
            if (_memory.Count > options.MaxLoaded || _memory.Sum() > options.Memory)
                Violations.Enqueue($"over budget with {string.Join(", ", _memory)}");
        }
    }

    private void Give(PoolModelOptions model)
    {
        lock (_lock)
            _memory.Remove(model.Memory!.Value);
    }

    private sealed class Asking(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
