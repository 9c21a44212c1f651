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
                    (SwapState.Coming, _) when model.Requests > 0 => SwapState.Coming,
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
        return new SwapPass(() => EndRequest(model), CancellationToken.None);
    }

    private void EndRequest(SwapModel model)
    {
        lock (_lock)
        {
            model.Requests--;
            model.LastUsed = ++_uses;
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
        (SwapModel Target, List<SwapModel> Victims)? swap = null;
        lock (_lock)
        {
            Reopen_NeedsLock();
            LetThrough_NeedsLock(granted);
            if (!_isSwapping && _waiting.Find(waiter => !waiter.Model.HasRoom) is { } first)
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
        if (swap is var (target, goes))
            _ = SwapAsync(target, goes);
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

    private async Task SwapAsync(SwapModel target, List<SwapModel> victims)
    {
        foreach (var victim in victims)
            await LeaveAsync(victim, target.Name).ConfigureAwait(false);
        lock (_lock)
        {
            _isSwapping = false;
            if (target.State is SwapState.Out or SwapState.Gone)
                target.State = SwapState.Coming;
            target.IsClosed = false;
        }

        Decide();
    }

    /// <summary>Saves what a model holds, and makes it go. Never throws: the swap continues whatever happens.</summary>
    private async Task LeaveAsync(SwapModel victim, string target)
    {
        LogSwap(victim.Name, target);
        using var late = new CancellationTokenSource(maxSave, time);
        await victim.Leaving.CancelAsync().ConfigureAwait(false);
        try
        {
            if (victim.Listener is { } listener)
                await listener.SaveAsync(late.Token).WaitAsync(maxSave, time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            LogSlow(victim.Name, maxSave.TotalSeconds);
        }
        catch (Exception e)
        {
            LogFailed(victim.Name, e); // the fence of a background task
        }

        Task quiet;
        lock (_lock)
        {
            victim.State = SwapState.Gone;
            victim.IsClosed = false;
            victim.Leaving = new CancellationTokenSource();
            victim.Quiet = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            quiet = victim.Calls == 0 ? Task.CompletedTask : victim.Quiet.Task;
        }

        await quiet.WaitAsync(maxSave, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        victim.Listener?.Gone();
        if (Unload is { } unload)
            await unload(victim.Name, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(LogLevel.Information, "Model {Victim} makes room for {Target}.")]
    private partial void LogSwap(string victim, string target);

    [LoggerMessage(LogLevel.Warning, "Saving what model {Model} holds took longer than {Seconds:0.###} s (swap.max_save_seconds).")]
    private partial void LogSlow(string model, double seconds);

    [LoggerMessage(LogLevel.Error, "Saving what model {Model} holds failed.")]
    private partial void LogFailed(string model, Exception exception);
}
