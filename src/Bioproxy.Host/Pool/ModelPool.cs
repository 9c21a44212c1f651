using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Pool;

/// <summary>
/// Owns the models that the proxy starts servers for. Invariants:
/// <list type="number">
/// <item>The models that are loading, ready or stopping never exceed the budgets (<c>max_loaded</c>, <c>memory</c>).</item>
/// <item>A model with a lease is never stopped, save by the end of the pool. Before a model is stopped it is claimed: no lease is granted
/// from then on, and only then the pool asks whether it is in use otherwise; if so, the claim is given back.</item>
/// <item>No model is loaded that nobody wants: a load whose last caller left is stopped. Preloads are wanted by the pool, once.</item>
/// <item>All callers of a model share one load. Loads start in the order of their first callers, as far as the budgets allow.</item>
/// <item>Each caller gets exactly one result, or its cancellation. A lease belongs to one process; released after its end it changes
/// nothing.</item>
/// </list>
/// All state is under one lock. Nothing is awaited, called back or logged in it: <see cref="PoolPlanner"/> decides under the lock what
/// has to be done, and it is done outside.
/// </summary>
internal sealed partial class ModelPool : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, PoolEntry> _entries;
    private readonly PoolOptions _options;
    private readonly PoolRules _rules;
    private readonly IModelProcessFactory _factory;
    private readonly IPoolUse _use;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly HashSet<Task> _work = [];
    private readonly PoolListeners _listeners;
    private readonly long _started;
    private long _orders;
    private bool _isStopping;

    public ModelPool(
        PoolOptions options, PoolRules rules, IModelProcessFactory factory, IPoolUse use, TimeProvider time, ILogger<ModelPool> logger)
    {
        (_options, _rules, _factory, _use, _time, _logger) = (options, rules, factory, use, time, logger);
        _listeners = new PoolListeners(logger);
        var since = time.GetUtcNow();
        _entries = options.Models.ToDictionary(
            model => model.Name, model => new PoolEntry(model) { Since = since }, StringComparer.Ordinal);
        _started = time.GetTimestamp();
        _timer = time.CreateTimer(
            static pool => ((ModelPool)pool!).Advance(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>All models, in the order of the configuration.</summary>
    public IReadOnlyList<PoolModelStatus> Status
    {
        get
        {
            lock (_lock)
                return [.. _options.Models.Select(model => StatusOf(_entries[model.Name]))];
        }
    }

    /// <summary>One model, which the pool must have.</summary>
    public PoolModelStatus StatusOf(string name)
    {
        lock (_lock)
            return StatusOf(_entries[name]);
    }

    /// <summary>Loads, questions and stops that are under way; for tests.</summary>
    internal int UnfinishedWork => Unfinished().Length;

    private TimeSpan Now => _time.GetElapsedTime(_started);

    /// <summary>The listener is called from now on, for all models.</summary>
    public void Subscribe(IPoolListener listener) => _listeners.Add(listener);

    /// <summary>The last lines that the model's servers wrote; null when there is no such model.</summary>
    public IReadOnlyList<string>? Logs(string name) => _entries.GetValueOrDefault(name)?.Log.Lines;

    /// <summary>Loads the models that are configured to be preloaded, as far as there is room.</summary>
    public void Start()
    {
        foreach (var entry in _entries.Values)
        {
            var memory = MemoryOf(entry); // an estimate of how long it takes to load, too
            lock (_lock)
                entry.Memory ??= memory;
        }

        foreach (var entry in _options.Models.Where(model => model.Preload).Select(model => _entries[model.Name]))
        {
            var memory = _factory.MemoryOf(entry.Options);
            lock (_lock)
            {
                Want_NeedsLock(entry, memory);
                entry.IsPreloadWanted = !entry.IsResident;
            }
        }

        Advance();
    }

    /// <summary>Loads the model if necessary, and keeps it loaded until the lease is disposed.</summary>
    /// <param name="name">The model.</param>
    /// <param name="cancellationToken">The caller leaves: if nobody else wants the model, its load is stopped.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled before there was a
    /// result.</exception>
    public async ValueTask<PoolResult> EnsureLoadedAsync(string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_entries.TryGetValue(name, out var entry))
            return Refused(PoolFailureKind.Unknown, $"The pool has no model {name}.");
        if (TryGrant(entry) is { } granted)
            return granted;

        var memory = MemoryOf(entry);
        if (_options.Memory < memory)
        {
            return Refused(
                PoolFailureKind.TooLarge,
                $"Model {name} needs {Size(memory.Value)}, which is more than the pool's memory of {Size(_options.Memory.Value)}.");
        }

        PoolWaiter waiter;
        lock (_lock)
        {
            if (TryGrant_NeedsLock(entry) is { } now)
                return now;
            Want_NeedsLock(entry, memory);
            entry.Waiters.Add(waiter = new PoolWaiter(entry));
        }

        Advance();
        await using var leaving = cancellationToken.UnsafeRegister((_, token) => Leave(waiter, token), null).ConfigureAwait(false);
        return await waiter.Result.ConfigureAwait(false);
    }

    /// <summary>A request got no answer from the model's server: waits a moment for the end of the process.</summary>
    /// <returns>Whether it has ended. The next caller has it started again, after a pause.</returns>
    public async Task<bool> HasEndedAsync(string name, CancellationToken cancellationToken)
    {
        IModelProcess process;
        var entry = _entries[name];
        lock (_lock)
        {
            if (_isStopping)
                return false;
            if (entry is not { State: PoolModelState.Ready, Process: { } current })
                return true;
            process = current;
        }

        Task ending = process.Ended.WaitAsync(EndLimit, _time, cancellationToken);
        await ending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (!process.Ended.IsCompleted)
            return false;
        Crashed(entry, process, await process.Ended.ConfigureAwait(false));
        return true;
    }

    /// <summary>Unloads the model as soon as it is idle. Requests that arrive meanwhile wait until it has been loaded again.</summary>
    /// <returns>False when there is no such model.</returns>
    public async Task<bool> UnloadAsync(string name, CancellationToken cancellationToken)
    {
        if (!_entries.TryGetValue(name, out var entry))
            return false;
        var unloaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (!entry.IsResident)
                return true;
            entry.Unloaders.Add(unloaded);
        }

        Advance();
        try
        {
            await unloaded.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        finally
        {
            lock (_lock)
                entry.Unloaders.Remove(unloaded);
            Advance();
        }
    }

    /// <summary>The model was busy when the pool wanted its room; it stays until <see cref="NotifyIdle"/>.</summary>
    public bool AwaitsIdle(string name)
    {
        lock (_lock)
            return _entries.GetValueOrDefault(name) is { IsBusyElsewhere: true };
    }

    /// <summary>The model may have become idle: it is asked for again where the pool needs room.</summary>
    public void NotifyIdle(string name)
    {
        if (!_entries.TryGetValue(name, out var entry))
            return;
        lock (_lock)
        {
            entry.IdleSignals++;
            entry.IsBusyElsewhere = false;
            entry.LastUsed = Now;
        }

        Advance();
    }

    /// <summary>Saves and stops all models, whether they are in use or not, and refuses every caller from now on.</summary>
    public async ValueTask DisposeAsync()
    {
        List<PoolEntry> ready;
        var waiters = new List<PoolWaiter>();
        lock (_lock)
        {
            if (_isStopping)
                return;
            _isStopping = true;
            foreach (var entry in _entries.Values)
            {
                waiters.AddRange(entry.Waiters);
                entry.Waiters.Clear();
                entry.IsPreloadWanted = false;
            }

            ready = [.. _entries.Values.Where(entry => entry.State == PoolModelState.Ready)];
            foreach (var entry in ready)
                SetState_NeedsLock(entry, PoolModelState.Stopping);
        }

        foreach (var waiter in waiters)
            waiter.Complete(IsStopped());
        Advance(); // loads have lost their callers
        await Task.WhenAll(ready.Select(StopAsync)).ConfigureAwait(false);
        while (Unfinished() is { Length: > 0 } work)
            await Task.WhenAll(work).ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
    }

    private static PoolResult Refused(PoolFailureKind kind, string message, TimeSpan? retryAfter = null) =>
        new(null, new PoolFailure(kind, message, retryAfter));

    private static PoolResult IsStopped() => Refused(PoolFailureKind.Stopping, "The proxy is being stopped.");

    private static string Size(long bytes) => FormattableString.Invariant($"{bytes / (double)(1 << 30):0.0} GiB");

    /// <summary>Reads the model's file, so not under the lock; what is loaded or waits for it keeps its figure.</summary>
    private long? MemoryOf(PoolEntry entry)
    {
        lock (_lock)
        {
            if (entry.IsWanted || entry.IsResident)
                return entry.Memory;
        }

        return _factory.MemoryOf(entry.Options);
    }

    private Task[] Unfinished()
    {
        lock (_lock)
            return [.. _work.Where(work => !work.IsCompleted)];
    }

    private PoolResult? TryGrant(PoolEntry entry)
    {
        lock (_lock)
            return TryGrant_NeedsLock(entry);
    }

    /// <returns>A lease or a refusal; null when the caller has to wait.</returns>
    private PoolResult? TryGrant_NeedsLock(PoolEntry entry)
    {
        if (_isStopping)
            return IsStopped();
        if (entry.CanLease)
            return Grant_NeedsLock(entry);

        // A crash is worth waiting for; a server that does not start will not start a moment later.
        return entry is { State: PoolModelState.Failed, HasStartFailed: true } && entry.RetryAt - Now is var pause
            && pause > TimeSpan.Zero ? Refused(PoolFailureKind.StartFailed, entry.Problem!, pause) : null;
    }

    private PoolResult Grant_NeedsLock(PoolEntry entry)
    {
        var generation = entry.Generation;
        entry.Leases++;
        entry.LastUsed = Now;
        return new PoolResult(new PoolLease(entry.Name, entry.Process!.Address, () => Release(entry, generation)), null);
    }

    private void Want_NeedsLock(PoolEntry entry, long? memory)
    {
        if (entry.IsWanted)
            return;
        entry.Order = ++_orders;
        entry.WantedSince = Now;
        if (!entry.IsResident)
            entry.Memory = memory;
    }

    private void Leave(PoolWaiter waiter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            // Otherwise it has its result, which the caller takes.
            if (!waiter.Entry.Waiters.Remove(waiter))
                return;
        }

        waiter.Cancel(cancellationToken);
        Advance();
    }

    private void Release(PoolEntry entry, int generation)
    {
        lock (_lock)
        {
            if (entry.Generation != generation)
                return;
            entry.Leases--;
            entry.LastUsed = Now;
            if (entry.Leases > 0)
                return;
        }

        Advance();
    }

    private static PoolModelStatus StatusOf(PoolEntry entry) => new(
        entry.Name,
        entry.IsQueued ? PoolModelState.Waiting : entry.State,
        entry.Process?.Address,
        entry.Since,
        entry.Memory,
        entry.Leases,
        entry.Problem);
}
