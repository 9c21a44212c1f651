using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Telemetry;

namespace Bioproxy.Host.Models;

/// <summary>
/// One model on one backend across process lifetimes. The queue stands here, because requests that wait outlive a restart of the server;
/// everything that dies with the process belongs to the <see cref="ModelInstance"/>.
/// </summary>
internal sealed class ServedModel : IBackendListener, ISwapListener, IAsyncDisposable
{
    /// <summary>Longer than a probe takes on a slow machine; then a request is served without what recognition would give it.</summary>
    private static readonly TimeSpan RecognitionLimit = TimeSpan.FromSeconds(10);

    private readonly ModelContext _context;
    private readonly Backend _backend;
    private readonly Lock _lock = new();
    private readonly List<Task> _retiring = [];
    private readonly SemaphoreSlim _waking = new(1, 1);
    private volatile ModelInstance _current;
    private volatile string _name;
    private volatile string? _reportedName;
    private bool? _isLoaded;

    public ServedModel(ModelContext context, Backend backend, SlotQueue queue)
    {
        _context = context;
        _backend = backend;
        Queue = queue;
        BackOff = new BackOff(context.Time);
        _name = backend.Model ?? backend.Options.Name;
        _current = new ModelInstance(context, backend, backend.Monitor.State, queue);
        backend.Monitor.Subscribe(this);
        backend.Loader?.Subscribe(this);
    }

    public SlotQueue Queue { get; }

    /// <summary>After failures it is left out for a while.</summary>
    public BackOff BackOff { get; }

    /// <summary>What clients call the model: the last name that was seen; the backend's own name until then. A model of the pool has the
    /// name that it has there.</summary>
    public string Name => _name;

    /// <summary>Whether a client that uses this name means the model: the name, or the path that the server lists in its place.</summary>
    public bool IsCalled(string? name) => name is not null && (name == _name || name == _reportedName);

    /// <summary>What all instances share.</summary>
    public ModelContext Context => _context;

    /// <summary>Who schedules it; null where this proxy always does.</summary>
    public IModelOwner? Owner { get; private set; }

    /// <summary>This proxy schedules it.</summary>
    public bool IsOwned => Owner?.IsHere ?? true;

    /// <summary>The instance that serves now. Read it once a request, when its lease has been granted.</summary>
    public ModelInstance Current => _current;

    public Backend Backend => _backend;

    /// <summary>The backend speaks Ollama's protocol itself: such requests pass untouched.</summary>
    public bool SpeaksOllama => _current.State.Facts is { IsOllama: true };

    /// <summary>It stands for a server with several models: no request is routed to it.</summary>
    public bool IsServer => _backend.IsServer;

    public BackendSender Sender => _backend.Sender;

    /// <summary>To be awaited first: where a model is loaded for a request, or in the place of another, the request waits for it.</summary>
    /// <returns>What has to be disposed when the request has given its lease back, or why the model cannot be used; neither for a server
    /// whose model is always there.</returns>
    public ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterAsync(CancellationToken cancellationToken) =>
        _backend.Loader?.EnterAsync(cancellationToken) ?? default;

    /// <summary><see cref="EnterAsync"/> and <see cref="PrepareAsync"/>: afterwards a request can wait in the queue.</summary>
    public ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterLoadedAsync(CancellationToken cancellationToken)
    {
        if (!IsOwned)
            return default; // the owner does
        if (_backend.Loader is not null)
            return EnterSlowlyAsync(cancellationToken);
        var preparing = PrepareAsync(cancellationToken);
        return preparing.IsCompletedSuccessfully ? default : new(PrepareWithoutPassAsync(preparing));
    }

    /// <summary>To be awaited before a call that takes no slot.</summary>
    /// <returns>As <see cref="EnterAsync"/>; the right lasts until the call has ended.</returns>
    public ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterForCallAsync(CancellationToken cancellationToken) =>
        Owner is { IsHere: false } owner ? owner.EnterAsync(cancellationToken) : EnterLoadedAsync(cancellationToken);

    /// <summary>Waits in the queue for a slot of the model that <see cref="EnterLoadedAsync"/> has prepared. If its server ended meanwhile,
    /// the request gives its turn back, prepares the model again and waits once more: otherwise it would be computed from nothing, though a
    /// snapshot of it may exist, by a server on which nobody watches it.</summary>
    public ValueTask<QueueGrant> AcquireAsync(QueueEntry entry, CancellationToken cancellationToken)
    {
        return IsOwned ? AcquireHereAsync(entry, cancellationToken) : new(AcquireThereAsync(entry, cancellationToken));
    }

    private ValueTask<QueueGrant> AcquireHereAsync(QueueEntry entry, CancellationToken cancellationToken)
    {
        var prepared = _current;
        var granting = Queue.AcquireAsync(entry, cancellationToken);
        return granting.IsCompletedSuccessfully ? granting : new(AcquireSlowlyAsync(entry, granting, prepared, cancellationToken));
    }

    /// <summary>What such a request waits for now, for people.</summary>
    public string Waiting => _backend.Loader?.Obstacle is { } obstacle
        ? $"waiting for model {_name}: {obstacle}"
        : $"loading model {_name}";

    /// <summary>A request got no answer.</summary>
    /// <returns>Whether the server has ended and is started again for the next request.</returns>
    public ValueTask<bool> RestartsAsync(CancellationToken cancellationToken) =>
        _backend.Loader?.RestartsAsync(cancellationToken) ?? default;

    /// <summary>Seconds that a request which came now would wait for the model to be loaded; 0 where it is.</summary>
    public double LoadSeconds => _backend.Loader?.ExpectedSeconds ?? 0;

    public double LeaveSeconds
    {
        get
        {
            var (rates, now) = (_context.Rates.Now, _context.Uptime.Seconds);
            return Queue.SecondsUntilIdle
                + _current.Table.View().Sum(slot => slot.Content is { } content ? EvictionCost.OfLeaving(content, rates, now) : 0);
        }
    }

    public bool IsBusy => Queue.View is var view && view.Used + view.UsersWaiting > 0;

    /// <summary>Finds out what is not known yet of its server.</summary>
    public Task FindOutAsync(CancellationToken cancellationToken) =>
        ReferenceEquals(_backend.Monitor.State, BackendState.NotAsked) ? CheckAsync(cancellationToken) : Task.CompletedTask;

    /// <summary>Saves what is worth it before another model takes this one's room.</summary>
    public Task SaveAsync(CancellationToken cancellationToken) => SaveAllAsync("before its model goes", cancellationToken);

    /// <summary>Saves what is worth it and not saved yet; the log says when.</summary>
    public async Task SaveAllAsync(string when, CancellationToken cancellationToken)
    {
        var now = _current;
        if (!now.HasSlots)
            return;
        await now.Watcher.CatchUpAsync(cancellationToken).ConfigureAwait(false);
        await now.Saver.SaveAllAsync(when, TimeSpan.Zero, goesFirst: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>When the model is back, it is another process with empty slots.</summary>
    public void Gone() => _backend.Monitor.Forget("another model took its room");

    /// <summary>
    /// To be awaited before a request waits in the queue: a sleeping server is woken, and the model that woke is recognised first.
    /// Otherwise the request that wakes it would be computed from nothing, though a snapshot of it may exist.
    /// </summary>
    public ValueTask PrepareAsync(CancellationToken cancellationToken)
    {
        var noticing = _current.NoticeSleepAsync(cancellationToken);
        return noticing.IsCompletedSuccessfully && IsReady ? default : new(PrepareSlowlyAsync(noticing, cancellationToken));
    }

    /// <summary>Known, awake, and recognised or past its first attempt.</summary>
    private bool IsReady => _current is { State.Status: not BackendStatus.Unknown } now && !MustWake
        && (!now.HasSlots || now.Recognition.FirstAttempt.IsCompleted);

    /// <summary>A request has to load or wake it. One that its server is loading is waited for in the same way.</summary>
    private bool MustWake => _current.State.Status is BackendStatus.Sleeping or BackendStatus.Unloaded
        || (_backend.Loader is not null && _current.State.Status == BackendStatus.Loading);

    public void BackendChanged()
    {
        bool? loaded;
        lock (_lock)
        {
            var state = _backend.Monitor.State;
            var old = _current;
            if (ReferenceEquals(old.State, state))
                return;
            loaded = TakeLoad_NeedsLock(state);
            if (_backend.Model is null && !_backend.Options.IsPooled && state.Facts is { Name: { } name } facts)
                (_name, _reportedName) = (name, facts.ModelAlias);
            if (state.Status == BackendStatus.Ready)
                Queue.SetCapacity(state.Facts?.TotalSlots ?? _backend.Options.Capacity ?? _context.Options.QueueCapacity);
            Replace_NeedsLock(state);
        }

        var place = new ServingPlace(_backend.Name, Name);
        if (loaded == true)
            _context.Metrics.ModelLoaded(place);
        else if (loaded == false)
            _context.Metrics.ModelUnloaded(place);
    }

    /// <summary>Several proxies share the model. To be called before its first request.</summary>
    public void ShareWith(IModelOwner owner)
    {
        Owner = owner;
        _context.Domains.AddUnknown();
        OwnershipChanged();
    }

    /// <summary>This proxy schedules it from now on, or does not any more: what it believed of the slots is void.</summary>
    public void OwnershipChanged()
    {
        lock (_lock)
            Replace_NeedsLock(_backend.Monitor.State);
    }

    public async ValueTask DisposeAsync()
    {
        Task[] retiring;
        lock (_lock)
            retiring = [.. _retiring];
        await _current.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(retiring).ConfigureAwait(false);
        _waking.Dispose();
    }

    /// <summary>Whether a model that its server does not keep was loaded now, or has gone; null for neither. One that was there at the
    /// first look was not loaded now, and one that is only suspected has not gone. Those of another proxy are that proxy's to
    /// count.</summary>
    private bool? TakeLoad_NeedsLock(BackendState state)
    {
        if (_backend is { Loader: null } or { Proxy: not null } || state.Status == BackendStatus.Unknown)
            return null;
        var isLoaded = state.Status == BackendStatus.Ready;
        bool? change = _isLoaded == !isLoaded ? isLoaded : null;
        _isLoaded = isLoaded;
        return change;
    }

    private async ValueTask<(SwapPass? Pass, ProxyFailure? Failure)> EnterSlowlyAsync(CancellationToken cancellationToken)
    {
        var (pass, failure) = await EnterAsync(cancellationToken).ConfigureAwait(false);
        if (failure is not null)
            return (null, failure);
        var isPrepared = false;
        try
        {
            await PrepareAsync(cancellationToken).ConfigureAwait(false);
            isPrepared = true;
            return (pass, null);
        }
        finally
        {
            if (!isPrepared)
                pass?.Dispose();
        }
    }

    private void Replace_NeedsLock(BackendState state)
    {
        var old = _current;
        _current = new ModelInstance(_context, _backend, state, Queue, IsOwned);
        _retiring.RemoveAll(static task => task.IsCompleted);
        _retiring.Add(Task.Run(() => old.DisposeAsync().AsTask()));
    }

    /// <summary>Where no owner can be reached, the request waits here, and the server chooses its slot.</summary>
    private async Task<QueueGrant> AcquireThereAsync(QueueEntry entry, CancellationToken cancellationToken) =>
        await Owner!.TakeAsync(entry, cancellationToken).ConfigureAwait(false)
            ?? await Queue.AcquireAsync(entry, cancellationToken).ConfigureAwait(false);

    private async Task<QueueGrant> AcquireSlowlyAsync(
        QueueEntry entry, ValueTask<QueueGrant> granting, ModelInstance prepared, CancellationToken cancellationToken)
    {
        var grant = await granting.ConfigureAwait(false);
        if (grant.Lease is not { } early || ReferenceEquals(_current, prepared) || IsReady)
            return grant;
        early.Release(); // recognition needs a turn, too
        await PrepareAsync(cancellationToken).ConfigureAwait(false);
        var next = await Queue.AcquireAsync(entry, cancellationToken).ConfigureAwait(false);
        return next with { Waited = grant.Waited + next.Waited };
    }

    private static async Task<(SwapPass? Pass, ProxyFailure? Failure)> PrepareWithoutPassAsync(ValueTask preparing)
    {
        await preparing.ConfigureAwait(false);
        return default;
    }

    private async Task PrepareSlowlyAsync(ValueTask noticing, CancellationToken cancellationToken)
    {
        await noticing.ConfigureAwait(false);
        if (_current.State.Status is BackendStatus.Unknown)
            await CheckAsync(cancellationToken).ConfigureAwait(false);
        if (MustWake)
        {
            await _waking.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (MustWake)
                    await _backend.Monitor.WakeAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _waking.Release();
            }
        }

        if (_current is { HasSlots: true, Recognition.FirstAttempt: { IsCompleted: false } attempt })
            await attempt.WaitAsync(RecognitionLimit, _context.Time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>It may just have been found asleep. One that does not answer holds a request no longer than recognising it would.</summary>
    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(RecognitionLimit, _context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await _backend.Monitor.CheckAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // served without what is not known
        }
    }
}
