using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Backends;

/// <summary>
/// The gate before the models of one server, which makes a model go to load another even while it works. A request whose model is not
/// loaded waits here until one that is loaded has no requests; its slots are saved before it goes. Requests for a loaded model go on,
/// until one for another has waited for the limit: then that model takes no more. Invariants, under one lock: no model goes while a request
/// uses it, one swap at a time, who waits is granted or in the list, never both.
/// </summary>
internal sealed partial class SwapGate(TimeProvider time, TimeSpan maxWait, TimeSpan maxSave, ILogger<SwapGate> logger)
{
    private readonly ILogger<SwapGate> _logger = logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, SwapModel> _models = new(StringComparer.Ordinal);
    private readonly List<SwapWaiter> _waiting = [];

    /// <summary>Pairs that were seen loaded together, where the server does not say how many it loads.</summary>
    private readonly HashSet<(string, string)> _together = [];
    private int? _mostLoaded;
    private bool _isSwapping;
    private long _uses;

    /// <summary>Makes a model go; where it is not set the server does that by itself.</summary>
    public Func<string, CancellationToken, Task>? Unload { get; set; }

    /// <summary>Stops the load of a model that no request wants any more, and says whether it is loaded after all. Not set where the
    /// server cannot do that.</summary>
    public Func<string, CancellationToken, Task<bool>>? StopLoad { get; set; }

    /// <summary>Who saves what a model holds.</summary>
    public void Subscribe(string model, ISwapListener listener)
    {
        lock (_lock)
            Model_NeedsLock(model).Listener = listener;
    }

    /// <summary>Where a model stands.</summary>
    public SwapState StateOf(string model)
    {
        lock (_lock)
            return Model_NeedsLock(model).State;
    }

    /// <summary>Why a request for the model is not let through now; null when it is.</summary>
    public string? ObstacleOf(string model)
    {
        lock (_lock)
        {
            var asked = Model_NeedsLock(model);
            return asked.IsOpen ? null
                : _isSwapping ? "another model is being saved"
                : asked.HasRoom ? "it is being unloaded first"
                : "another model is busy";
        }
    }

    /// <summary>See <see cref="IModelLoader.ExpectedSeconds"/>.</summary>
    public double ExpectedSeconds(string model)
    {
        List<SwapModel> victims;
        double load;
        lock (_lock)
        {
            var asked = Model_NeedsLock(model);
            if (asked is { State: SwapState.Here, IsClosed: false })
                return 0;
            load = asked.LoadTime.Seconds();
            if (asked.State == SwapState.Coming)
                return load;
            victims = Victims_NeedsLock(asked);
        }

        return load + victims.Sum(static victim => victim.Listener?.LeaveSeconds ?? 0);
    }

    /// <summary>A request has loaded a model.</summary>
    public void Loaded(string model, TimeSpan took)
    {
        lock (_lock)
            Model_NeedsLock(model).LoadTime.Add(took.TotalSeconds);
    }

    /// <summary>Waits until a model is loaded, or has room to be.</summary>
    public async ValueTask<SwapPass> EnterAsync(string model, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        SwapWaiter waiter;
        lock (_lock)
        {
            var asked = Model_NeedsLock(model);
            if (asked.IsOpen)
                return Grant_NeedsLock(asked);
            waiter = new SwapWaiter(asked, time.GetTimestamp());
            _waiting.Add(waiter);
        }

        Decide();
        using var leaving = cancellationToken.UnsafeRegister(_ => Abandon(waiter, cancellationToken), null);
        using var timer = time.CreateTimer(_ => Decide(), null, maxWait, Timeout.InfiniteTimeSpan);
        return await waiter.Granted.Task.ConfigureAwait(false);
    }

    /// <summary>Makes a model go as soon as it has no requests. Those that arrive meanwhile wait until it has been loaded
    /// again.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up; the model stays.</exception>
    public async Task UnloadAsync(string model, CancellationToken cancellationToken)
    {
        var unloaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        SwapModel asked;
        lock (_lock)
        {
            asked = Model_NeedsLock(model);
            if (!asked.HasRoom)
                return;
            asked.Unloaders.Add(unloaded);
        }

        Decide();
        try
        {
            await unloaded.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
                asked.Unloaders.Remove(unloaded);
            Decide();
        }
    }

    /// <summary>For a control call: null when the model is not loaded, as far as is known.</summary>
    public SwapPass? TryCall(string model)
    {
        lock (_lock)
        {
            var asked = Model_NeedsLock(model);
            if (!asked.HasRoom)
                return null;
            asked.Calls++;
            return new SwapPass(() => EndCall(asked), asked.Leaving.Token);
        }
    }

    /// <summary>The server has listed its models.</summary>
    public void Observe(ModelList list)
    {
        lock (_lock)
        {
            _mostLoaded = list.MostLoaded;
            var loaded = list.Models.Where(model => model.Status is ListedStatus.Ready or ListedStatus.Sleeping)
                .Select(model => Model_NeedsLock(model.Name)).ToList();
            if (!_isSwapping)
            {
                foreach (var one in loaded)
                    _together.UnionWith(loaded.Where(other => other != one).Select(other => (one.Name, other.Name)));
            }

            // A model whose room was given away may be seen until its successor is loaded.
            var isComing = _isSwapping || _models.Values.Any(model => model.State == SwapState.Coming && !loaded.Contains(model));
            foreach (var model in _models.Values)
            {
                var status = list.Find(model.Name)?.Status ?? ListedStatus.Unloaded;
                model.State = (model.State, status) switch
                {
                    (SwapState.Leaving, _) => SwapState.Leaving,
                    (SwapState.Gone, ListedStatus.Ready or ListedStatus.Sleeping) when !isComing => SwapState.Here,
                    (SwapState.Gone, ListedStatus.Unloaded) => SwapState.Out,
                    (SwapState.Gone, _) => SwapState.Gone,
                    (_, ListedStatus.Ready or ListedStatus.Sleeping) => SwapState.Here,
                    (_, ListedStatus.Loading) => SwapState.Coming,
                    (SwapState.Coming or SwapState.Here, _) when model.Requests > 0 => SwapState.Coming, // the next of them loads it
                    _ => SwapState.Out,
                };
            }
        }

        Decide();
    }

    private SwapModel Model_NeedsLock(string name)
    {
        if (!_models.TryGetValue(name, out var model))
            _models[name] = model = new SwapModel(name);
        return model;
    }

    private SwapPass Grant_NeedsLock(SwapModel model)
    {
        model.Requests++;
        model.IsAbandoned = false;
        return new SwapPass(() => EndRequest(model), CancellationToken.None);
    }

    private void EndRequest(SwapModel model)
    {
        lock (_lock)
        {
            model.Requests--;
            model.LastUsed = ++_uses;
            model.IsAbandoned = model is { Requests: 0, State: SwapState.Coming } && StopLoad is not null;
        }

        Decide();
    }

    private void EndCall(SwapModel model)
    {
        TaskCompletionSource? quiet = null;
        lock (_lock)
        {
            if (--model.Calls == 0)
                quiet = model.Quiet;
        }

        quiet?.TrySetResult();
    }

    private void Abandon(SwapWaiter waiter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_waiting.Remove(waiter))
                return;
        }

        waiter.Granted.TrySetCanceled(cancellationToken);
        Decide(); // a model may have been closed for it
    }

    /// <summary>Lets through who may go, and begins a swap for the first one who may not.</summary>
    private void Decide()
    {
        List<(SwapWaiter Waiter, SwapPass Pass)> granted = [];
        List<TaskCompletionSource> unloaded;
        SwapModel? stopped = null;
        (SwapModel? Target, List<SwapModel> Victims)? swap = null;
        lock (_lock)
        {
            Reopen_NeedsLock();
            LetThrough_NeedsLock(granted);
            unloaded = Unloaded_NeedsLock();
            if (_isSwapping)
            {
                // One swap at a time.
            }
            else if (Idle_NeedsLock(static model => model is { IsAbandoned: true, State: SwapState.Coming }) is { } abandoned)
            {
                _isSwapping = true;
                abandoned.State = SwapState.Leaving;
                stopped = abandoned;
            }
            else if (Idle_NeedsLock(static model => model is { HasRoom: true, Unloaders.Count: > 0 }) is { } going)
            {
                _isSwapping = true;
                going.State = SwapState.Leaving;
                swap = (null, [going]);
            }
            else if (_waiting.Find(waiter => !waiter.Model.HasRoom) is { } first)
            {
                var victims = Victims_NeedsLock(first.Model);
                if (victims.Count == 0)
                {
                    first.Model.State = SwapState.Coming;
                    LetThrough_NeedsLock(granted);
                }
                else if (victims.TrueForAll(static victim => victim.Requests == 0))
                {
                    _isSwapping = true;
                    victims.ForEach(static victim => victim.State = SwapState.Leaving);
                    swap = (first.Model, victims);
                }
                else if (time.GetElapsedTime(first.Since) >= maxWait)
                {
                    victims.ForEach(static victim => victim.IsClosed = true);
                }
            }
        }

        foreach (var (waiter, pass) in granted)
            waiter.Granted.TrySetResult(pass);
        foreach (var unloader in unloaded)
            unloader.TrySetResult();
        if (stopped is not null)
            _ = StopLoadAsync(stopped);
        if (swap is var (target, goes))
            _ = SwapAsync(target, goes);
    }

    private SwapModel? Idle_NeedsLock(Func<SwapModel, bool> isMeant) =>
        _models.Values.FirstOrDefault(model => model.Requests == 0 && isMeant(model));

    /// <summary>Those who waited for models that are gone.</summary>
    private List<TaskCompletionSource> Unloaded_NeedsLock()
    {
        List<TaskCompletionSource> all = [];
        foreach (var model in _models.Values.Where(static model => !model.HasRoom))
        {
            all.AddRange(model.Unloaders);
            model.Unloaders.Clear();
        }

        return all;
    }

    /// <summary>Nobody else waits for the room of a model that was closed.</summary>
    private void Reopen_NeedsLock()
    {
        if (_waiting.Exists(waiter => !waiter.Model.HasRoom))
            return;
        foreach (var model in _models.Values)
            model.IsClosed = false;
    }

    private void LetThrough_NeedsLock(List<(SwapWaiter Waiter, SwapPass Pass)> granted) => _waiting.RemoveAll(waiter =>
    {
        if (!waiter.Model.IsOpen)
            return false;
        granted.Add((waiter, Grant_NeedsLock(waiter.Model)));
        return true;
    });

    /// <summary>The models that must go before another can be loaded: idle ones first, the longest unused first.</summary>
    private List<SwapModel> Victims_NeedsLock(SwapModel target)
    {
        var loaded = _models.Values.Where(model => model.HasRoom && model != target);
        if (_mostLoaded is not { } most)
            return [.. loaded.Where(model => !_together.Contains((model.Name, target.Name)))];
        var candidates = loaded.OrderBy(static model => !model.IsClosed).ThenBy(static model => model.Requests > 0)
            .ThenBy(static model => model.LastUsed).ToList();
        return candidates[..Math.Max(0, candidates.Count + 1 - most)];
    }
}
