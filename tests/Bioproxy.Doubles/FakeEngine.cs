namespace Bioproxy.Doubles;

/// <summary>
/// One process of a fake: slots, task numbers, deferred tasks. Everything happens under one lock, as on llama-server's main loop.
/// </summary>
internal sealed class FakeEngine
{
    private readonly Lock _lock = new();
    private readonly FakeBackendOptions _options;
    private readonly FakeFiles _files;
    private readonly FakeViolations _violations;
    private readonly List<Deferred> _deferred = [];
    private readonly List<(List<int> Tokens, int Seed)> _ramCache = [];
    private FakeSlot[] _slots;
    private long _nextTask;
    private long _clock;
    private long _lists;

    public FakeEngine(FakeBackendOptions options, FakeFiles files, FakeViolations violations)
    {
        _options = options;
        _files = files;
        _violations = violations;
        _slots = [.. Enumerable.Range(0, options.Slots).Select(id => new FakeSlot(id))];
    }

    public bool IsSleeping { get; private set; }

    public IReadOnlyList<FakeSlotView> Slots
    {
        get
        {
            lock (_lock)
                return View_NeedsLock();
        }
    }

    public int DeferredCount
    {
        get
        {
            lock (_lock)
                return _deferred.Count;
        }
    }

    /// <summary>The slot list as a task of its own.</summary>
    public IReadOnlyList<FakeSlotView> List()
    {
        lock (_lock)
        {
            IsSleeping = false;
            _nextTask++;
            _lists++;
            return View_NeedsLock();
        }
    }

    /// <summary>Unloads the model: slots and RAM cache are lost, the process stays.</summary>
    public void FallAsleep()
    {
        lock (_lock)
        {
            IsSleeping = true;
            _ramCache.Clear();
            _nextTask = 0;
            _slots = [.. Enumerable.Range(0, _options.Slots).Select(id => new FakeSlot(id))];
        }
    }

    public void Wake()
    {
        lock (_lock)
            IsSleeping = false;
    }

    /// <summary>Begins a prompt as soon as a slot takes it.</summary>
    /// <param name="prompt">Its tokens.</param>
    /// <param name="pin">The requested slot; one that does not exist counts as none.</param>
    /// <param name="useCache">False computes everything.</param>
    /// <param name="slots">How many slots it takes at once.</param>
    /// <param name="cancellationToken">Leaves the deferred tasks.</param>
    public async Task<FakeWork> BeginAsync(
        IReadOnlyList<int> prompt, int? pin, bool useCache, int slots, CancellationToken cancellationToken)
    {
        if (_options.Slots == 0)
            return new FakeWork(new FakeSlot(-1) { Seed = _options.WeightsSeed }, [], prompt, 0);
        var begun = new TaskCompletionSource<FakeWork>(TaskCreationOptions.RunContinuationsAsynchronously);
        var wanted = pin is >= 0 && pin < _options.Slots ? pin : null;
        Deferred deferred;
        lock (_lock)
        {
            IsSleeping = false;
            var task = _nextTask++;
            deferred = new Deferred(
                () => TryBegin_NeedsLock(task, prompt, wanted, useCache, slots) is { } work && begun.TrySetResult(work), wanted);
            if (!deferred.TryBegin())
                Defer_NeedsLock(deferred);
        }

        using var leaving = cancellationToken.UnsafeRegister(_ => Leave(deferred, () => begun.TrySetCanceled(cancellationToken)), null);
        return await begun.Task;
    }

    /// <summary>Runs a slot action as soon as the slot is idle.</summary>
    public async Task<T> OnIdleAsync<T>(int id, Func<FakeSlot?, T> action, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var deferred = new Deferred(
            () =>
            {
                var slot = _slots.Length > 0 ? _slots[id % _slots.Length] : null; // as measured on build 11669
                return slot?.IsProcessing != true && done.TrySetResult(action(slot));
            },
            _slots.Length > 0 ? id % _slots.Length : null);
        lock (_lock)
        {
            IsSleeping = false;
            _nextTask++;
            if (!deferred.TryBegin())
                Defer_NeedsLock(deferred);
        }

        using var leaving = cancellationToken.UnsafeRegister(_ => Leave(deferred, () => done.TrySetCanceled(cancellationToken)), null);
        return await done.Task;
    }

    /// <summary>This many tokens of the prompt are computed.</summary>
    public void Evaluate(FakeWork work, int processed)
    {
        lock (_lock)
            work.Slot.Tokens = [.. work.Prompt.Take(processed)];
    }

    /// <summary>Computes the next token, which is in the slot only once another follows.</summary>
    public int Sample(FakeWork work, IReadOnlyList<int> generated)
    {
        lock (_lock)
        {
            if (generated.Count > 0)
                work.Slot.Tokens.Add(generated[^1]);
            _nextTask++;
            return FakeTokens.Next(Mix(work.Slot.Seed), work.Slot.Tokens);
        }
    }

    public IReadOnlyList<(int Token, double LogProbability)> Probabilities(FakeWork work, int count)
    {
        lock (_lock)
            return FakeTokens.Probabilities(Mix(work.Slot.Seed), work.Prompt, count);
    }

    /// <param name="work">The work.</param>
    /// <param name="isAbandoned">Its client has left.</param>
    public void End(FakeWork work, bool isAbandoned = false)
    {
        lock (_lock)
        {
            if (work.IsEnded)
                return;
            work.IsEnded = true;

            // A request whose client left before it arrived. The proxy could not know of it unless a slot list had shown it; one list may
            // have been on its way when the proxy decided.
            foreach (var deferred in isAbandoned ? _deferred.Where(d => d.Slot == work.Slot.Id && d.Lists <= work.Slot.Lists + 1) : [])
                Interlocked.Decrement(ref _violations.SlotCollisionCount);
            work.Slot.IsProcessing = false;
            work.Slot.LastUsed = ++_clock;
            foreach (var child in work.Children)
            {
                child.IsProcessing = false;
                child.Tokens = [];
            }

            for (var i = 0; i < _deferred.Count;)
            {
                if (_deferred[i].TryBegin())
                    _deferred.RemoveAt(i);
                else
                    i++;
            }
        }
    }

    private void Defer_NeedsLock(Deferred deferred)
    {
        Interlocked.Increment(ref deferred.Slot is null ? ref _violations.OverloadCount : ref _violations.SlotCollisionCount);
        deferred.Lists = _lists;
        _deferred.Add(deferred);
    }

    /// <summary>Removes a deferred task, unless it has begun.</summary>
    private void Leave(Deferred deferred, Action cancel)
    {
        lock (_lock)
        {
            if (_deferred.Remove(deferred))
                cancel();
        }
    }

    private FakeWork? TryBegin_NeedsLock(long task, IReadOnlyList<int> prompt, int? pin, bool useCache, int slots)
    {
        var idle = _slots.Where(s => !s.IsProcessing).OrderBy(s => s.LastUsed).ThenBy(s => s.Id).ToList();
        var slot = pin is { } id ? idle.Find(s => s.Id == id) : MostLike(idle, prompt) ?? idle.FirstOrDefault();
        if (slot is null || idle.Count < slots)
            return null;
        var children = idle.Where(s => s != slot).Take(slots - 1).ToList();
        foreach (var other in _options.UnifiedKv ? idle.Where(s => s != slot) : children)
        {
            Remember_NeedsLock(other, 0);
            other.Tokens = [];
        }

        foreach (var child in children)
            (child.IsProcessing, child.TaskId) = (true, _nextTask++);
        var shared = FakeTokens.SharedLength(slot.Tokens, prompt);
        if (pin is null || slot.Tokens.Count > 0)
            shared = Recall_NeedsLock(slot, prompt, shared);
        Remember_NeedsLock(slot, shared);
        var cached = useCache ? Math.Min(shared, prompt.Count - 1) : 0;
        if (cached == 0)
            slot.Seed = _options.WeightsSeed;
        else if (slot.Seed != _options.WeightsSeed)
            Interlocked.Increment(ref _violations.PoisonedReuseCount);
        slot.Tokens = [.. prompt.Take(cached)];
        slot.TaskId = task;
        slot.IsProcessing = true;
        slot.LastUsed = ++_clock;
        slot.Lists = _lists;
        return new FakeWork(slot, children, prompt, cached);
    }

    /// <summary>
    /// llama-server's <c>--slot-prompt-similarity</c>: the slot that shares most, if that is more than a tenth of the prompt.
    /// </summary>
    private static FakeSlot? MostLike(List<FakeSlot> idle, IReadOnlyList<int> prompt) => idle
        .Select(s => (Slot: s, Shared: FakeTokens.SharedLength(s.Tokens, prompt)))
        .Where(s => s.Shared * 10 > prompt.Count)
        .OrderByDescending(s => s.Shared)
        .Select(s => s.Slot)
        .FirstOrDefault();

    private void Remember_NeedsLock(FakeSlot slot, int kept)
    {
        if (_options.RamCache && slot.Tokens.Count > kept)
            _ramCache.Add((slot.Tokens, slot.Seed));
    }

    private int Recall_NeedsLock(FakeSlot slot, IReadOnlyList<int> prompt, int shared)
    {
        var found = _ramCache.Select(e => (Entry: e,
            Shared: FakeTokens.SharedLength(e.Tokens, prompt))).OrderByDescending(e => e.Shared).FirstOrDefault();
        if (found.Shared <= shared)
            return shared;
        Remember_NeedsLock(slot, shared);
        _ramCache.Remove(found.Entry);
        (slot.Tokens, slot.Seed) = found.Entry;
        return found.Shared;
    }

    private List<FakeSlotView> View_NeedsLock() =>
        [.. _slots.Select(s => new FakeSlotView(s.Id, s.IsProcessing, s.TaskId, [.. s.Tokens], s.Seed))];

    /// <summary>A state of other weights gives other answers.</summary>
    private int Mix(int seed) => seed == _options.WeightsSeed ? seed : unchecked((seed * 31) + _options.WeightsSeed);

    /// <summary>A task that waits for a slot.</summary>
    private sealed class Deferred(Func<bool> tryBegin, int? slot)
    {
        public Func<bool> TryBegin { get; } = tryBegin;

        /// <summary>The one it waits for; null for any.</summary>
        public int? Slot { get; } = slot;

        /// <summary>Slot lists given out before it came.</summary>
        public long Lists { get; set; }
    }
}
