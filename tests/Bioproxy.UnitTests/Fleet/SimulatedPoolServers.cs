using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;
using Bioproxy.UnitTests.Pool;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>The processes of the pool: they take a while to start, and sometimes do not. Watches that no more are there than allowed, and
/// that none is stopped while it works.</summary>
internal sealed class SimulatedPoolServers(FleetWorld world, int mostLoaded, IReadOnlyDictionary<string, int> weights)
    : IModelProcessFactory
{
    private readonly Lock _lock = new();
    private int _resident;
    private int _ports = 9100;

    public IReadOnlyDictionary<string, SimulatedModel> Models { get; } =
        weights.Keys.ToDictionary(static name => name, name => new SimulatedModel(world, name), StringComparer.Ordinal);

    /// <summary>Processes that take the room of a model.</summary>
    public int Resident
    {
        get
        {
            lock (_lock)
                return _resident;
        }
    }

    public long? MemoryOf(PoolModelOptions model) => null;

    public async Task<ModelStart> StartAsync(PoolModelOptions model, ModelLog log, CancellationToken cancellationToken)
    {
        world.Loads(model.Name, null);
        lock (_lock)
        {
            if (++_resident > mostLoaded)
                world.Violate($"the pool has {_resident} models");
        }

        try
        {
            await Task.Delay(world.Milliseconds(100, 900), world.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            world.Add("loads that were stopped");
            Leave();
            throw;
        }

        if (world.Next(0, 12) == 0)
        {
            Leave();
            return ModelStart.Failed($"{model.Name} does not start");
        }

        var process = new SimulatedProcess(world, model.Name, weights[model.Name], 2);
        Models[model.Name].Process = process;
        return ModelStart.Ready(Watched(process));
    }

    private FakeModelProcess Watched(SimulatedProcess process)
    {
        var watched = new FakeModelProcess(process.Name, Interlocked.Increment(ref _ports))
        {
            OnStop = async () =>
            {
                world.Add("evictions");
                if (process.Requests > 0 && !world.IsStopping)
                    world.Violate($"{process.Name} was stopped with {process.Requests} requests");
                await Task.Delay(world.Milliseconds(5, 50), world.Time).ConfigureAwait(false);
                process.Die();
            },
            OnEnded = Leave,
        };
        Crashes[process] = watched.Crash;
        return watched;
    }

    /// <summary>How to crash a process so that the pool learns of it.</summary>
    public Dictionary<SimulatedProcess, Action> Crashes { get; } = [];

    private void Leave()
    {
        lock (_lock)
            _resident--;
    }
}
