using System.Collections.Concurrent;

namespace Bioproxy.Host.Requests;

/// <summary>The gated requests that are being served, and the last 1,000 that have ended.</summary>
internal sealed class RequestJournal(TimeProvider time)
{
    public const int Kept = 1000;

    private readonly ConcurrentDictionary<string, ActiveRequest> _active = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly Queue<RequestRecord> _ended = new();
    private Action<RequestRecord>[] _listeners = [];
    private long _last;
    private volatile int _version;

    /// <summary>Those that are being served.</summary>
    public IReadOnlyList<ActiveRequest> Active => [.. _active.Values.OrderBy(static active => active.Exchange.Started)];

    /// <summary>Changes whenever <see cref="After"/> may answer something else.</summary>
    public int Version => _version;

    /// <summary>Lists a gated request, until the result is disposed.</summary>
    public ActiveRequest Begin(Exchange exchange, CancellationToken clientGone)
    {
        var active = new ActiveRequest(exchange, exchange.Route.IsGated ? this : null, clientGone);
        if (exchange.Route.IsGated)
            _active[exchange.Id] = active;
        return active;
    }

    /// <summary>Cancels a request that is being served.</summary>
    /// <returns>False when there is none of this id.</returns>
    public bool Cancel(string id)
    {
        if (!_active.TryGetValue(id, out var active))
            return false;
        active.Cancel();
        return true;
    }

    /// <summary>A request has been answered.</summary>
    public RequestRecord Ended(Exchange exchange)
    {
        var record = RecordOf(exchange);
        Action<RequestRecord>[] listeners;
        lock (_lock)
        {
            record.Number = ++_last;
            _ended.Enqueue(record);
            if (_ended.Count > Kept)
                _ended.Dequeue();
            _version++;
            listeners = _listeners;
        }

        foreach (var listener in listeners)
            listener(record);
        return record;
    }

    /// <summary>Puts requests of an earlier run before those of this one.</summary>
    /// <param name="records">The oldest first.</param>
    public void Restore(IReadOnlyList<RequestRecord> records)
    {
        lock (_lock)
        {
            var room = Math.Max(0, Kept - _ended.Count);
            var earlier = records.Skip(records.Count - Math.Min(records.Count, room)).ToList();
            var now = _ended.ToList();
            _ended.Clear();
            foreach (var (index, record) in earlier.Index())
                _ended.Enqueue(record with { Number = index + 1 - earlier.Count });
            foreach (var record in now)
                _ended.Enqueue(record);
            _version++;
        }
    }

    /// <summary>Tells of every request that ends from now on. Must be quick and must not throw: it runs on the request's path.</summary>
    public void Subscribe(Action<RequestRecord> ended)
    {
        lock (_lock)
            _listeners = [.. _listeners, ended];
    }

    /// <summary>Those that ended after the one with this number, the newest first.</summary>
    public IReadOnlyList<RequestRecord> After(long number)
    {
        lock (_lock)
            return [.. _ended.Where(record => record.Number > number).Reverse()];
    }

    internal void Remove(ActiveRequest active) => _active.TryRemove(active.Exchange.Id, out _);

    private RequestRecord RecordOf(Exchange exchange)
    {
        var (progress, timings) = (exchange.Progress, exchange.Timings);
        var elapsed = time.GetElapsedTime(exchange.Started);
        return new RequestRecord
        {
            Id = exchange.Id,
            At = time.GetUtcNow() - elapsed,
            Route = exchange.Route.Name,
            Lane = exchange.LaneName,
            Client = progress.Client,
            Backend = progress.Model?.Backend.Name ?? "",
            Model = progress.Model?.Name ?? "",
            Template = progress.Trigger,
            Conversation = progress.Conversation,
            Status = exchange.Status,
            Error = exchange.Failure?.Code,
            Result = progress.CacheResult,
            IsStream = progress.IsStream,
            CachedTokens = timings?.CachedTokens,
            ComputedTokens = timings?.ComputedTokens,
            GeneratedTokens = timings?.GeneratedTokens,
            Waited = exchange.Waited.TotalSeconds,
            FirstToken = progress is { IsStream: true, FirstByte: > 0 }
                ? time.GetElapsedTime(exchange.Started, progress.FirstByte).TotalSeconds
                : null,
            Seconds = elapsed.TotalSeconds,
            Saved = SavedBy(exchange),
        };
    }

    private static double SavedBy(Exchange exchange)
    {
        if (exchange is not { Timings.CachedTokens: > 0 and var cached, Progress: { Model: { } model, Placement: var placement } })
            return 0;
        var rates = model.Context.Rates.Now;
        var restoring = placement?.Snapshot is { } snapshot ? rates.RestoreSeconds(snapshot.Bytes) : 0;
        return Math.Max(0, rates.PrefillSeconds(cached) - restoring);
    }
}
