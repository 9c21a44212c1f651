using Bioproxy.Host.Backends;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>
/// A server that has one of its models loaded at a time, as llama-server's router with <c>--models-max 1</c> or as llama-swap: it loads
/// what a request names, in the place of another. It watches that this other is idle, and that nothing is loaded without a request.
/// </summary>
internal sealed class SimulatedModelServer : IModelServer
{
    private readonly FleetWorld _world;
    private readonly string _name;
    private readonly bool _isRouter;
    private readonly Dictionary<string, int> _weights;
    private readonly Dictionary<string, SimulatedModel> _models;
    private readonly Dictionary<string, (Task Load, CancellationTokenSource Stop)> _loads = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    public SimulatedModelServer(FleetWorld world, string name, bool isRouter, IReadOnlyDictionary<string, int> weights)
    {
        (_world, _name, _isRouter, _weights) = (world, name, isRouter, new(weights, StringComparer.Ordinal));
        _models = weights.Keys.ToDictionary(static model => model, model => new SimulatedModel(world, model), StringComparer.Ordinal);
        if (isRouter)
            return;
        foreach (var model in weights.Keys)
            _models[model].OnMissed = () => _world.Loads(_name, model);
    }

    public string Kind => _isRouter ? "router" : "llama-swap";

    public bool LoadsOnAnyCall => !_isRouter;

    /// <summary>It unloads a model when it is asked to, also one that it is loading.</summary>
    public bool CanUnload => _isRouter;

    public IEnumerable<SimulatedModel> Models => _models.Values;

    public Task<BackendAnswer<ModelList>> ListAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var models = _models.Values.Select(model => new ListedModel(model.Name, StatusOf_NeedsLock(model))).ToList();
            return Task.FromResult(new BackendAnswer<ModelList>(new ModelList(models, _isRouter ? 1 : null), 200, null, null, null));
        }
    }

    public Task LoadAsync(string model, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_models[model].Process is not null)
                return Task.CompletedTask;
            if (!_loads.TryGetValue(model, out var load))
                _loads[model] = load = BeginLoad_NeedsLock(_models[model]);
            return load.Load.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Only the router has something for this.</summary>
    public async Task UnloadAsync(string model, CancellationToken cancellationToken)
    {
        if (!_isRouter)
            return;
        await Task.Delay(_world.Milliseconds(5, 50), _world.Time, cancellationToken).ConfigureAwait(false);
        CancellationTokenSource? stop = null;
        lock (_lock)
        {
            if (_loads.Remove(model, out var load))
                stop = load.Stop;
        }

        stop?.Cancel();
        Evict(_models[model]);
    }

    public IBackendDriver DriverOf(string model) => _models[model];

    /// <summary>A request for a model, which loads it where it is not loaded.</summary>
    public async Task<SimulatedAnswer> RunAsync(string model, string text, int? pin, Action started, CancellationToken gone)
    {
        await LoadAsync(model, gone).ConfigureAwait(false);
        return _models[model].Process is { } process ? await process.RunAsync(text, pin, started, gone).ConfigureAwait(false) : default;
    }

    public void Dispose()
    {
        // it holds nothing
    }

    private ListedStatus StatusOf_NeedsLock(SimulatedModel model) =>
        _loads.ContainsKey(model.Name) ? ListedStatus.Loading
        : model.Process is not null ? ListedStatus.Ready
        : ListedStatus.Unloaded;

    /// <summary>A router makes others go at once; llama-swap lets one that is loading have its turn first.</summary>
    private (Task Load, CancellationTokenSource Stop) BeginLoad_NeedsLock(SimulatedModel model)
    {
        _world.Loads(_name, model.Name);
        if (_isRouter && _loads.Keys.FirstOrDefault() is { } other)
            _world.Violate($"{_name} was made to load {model.Name} while it loads {other}");
        var stop = new CancellationTokenSource();
        return (LoadAsync(model, [.. _loads.Values.Select(static one => one.Load)], stop.Token), stop);
    }

    private async Task LoadAsync(SimulatedModel model, Task[] before, CancellationToken stop)
    {
        await Task.WhenAll(before).ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // out of the lock
        foreach (var loaded in _models.Values.Where(static one => one.Process is not null))
            Evict(loaded);
        await Task.Delay(_world.Milliseconds(100, 900), _world.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stop.IsCancellationRequested)
            return;
        lock (_lock)
        {
            model.Process = new SimulatedProcess(_world, $"{_name}/{model.Name}", _weights[model.Name], 2);
            _loads.Remove(model.Name);
        }
    }

    private void Evict(SimulatedModel model)
    {
        if (model.Process is not { } process)
            return;
        _world.Add("evictions");
        if (process.Requests > 0)
            _world.Violate($"{process.Name} was evicted with {process.Requests} requests");
        process.Die();
    }
}
