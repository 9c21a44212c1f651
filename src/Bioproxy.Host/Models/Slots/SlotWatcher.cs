using System.Diagnostics;
using Bioproxy.Host.Http;

namespace Bioproxy.Host.Models.Slots;

/// <summary>
/// The only place that polls the slot list of a model instance. All callers that wait share a poll that begins after they asked, so what
/// they did before is in it. While a cancelled request that does not stream is awaited, polls are at least a second apart: llama-server
/// looks for a client that left only after a full second in which no task of any kind had a result, and a poll is such a task.
/// </summary>
internal sealed class SlotWatcher(InstanceBackend backend, SlotTable table, TimeProvider time, CancellationToken retired)
{
    private static readonly TimeSpan OldAge = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan QuietPause = TimeSpan.FromMilliseconds(1100);

    private readonly Lock _lock = new();
    private Task<PolledSlots?> _running = Task.FromResult<PolledSlots?>(null);
    private Task<PolledSlots?>? _next;
    private int _quiet;
    private long _last = long.MinValue;

    /// <summary>The connection that brought the last list, and when that list was asked for.</summary>
    private (long Connection, long Asked) _lastList;

    /// <summary>A cancelled request is awaited that only notices its client's leaving in quiet.</summary>
    public bool IsQuiet => Volatile.Read(ref _quiet) > 0;

    /// <summary>Whether clients that bypass the proxy may have taken slots since the last poll. Not worth breaking a quiet second
    /// for.</summary>
    public bool IsOld => !IsQuiet && Volatile.Read(ref _last) is var last && (last == long.MinValue || time.GetElapsedTime(last) > OldAge);

    /// <summary>Keeps polls a second apart until it is disposed.</summary>
    public IDisposable KeepQuiet() => new Quiet(this);

    /// <summary>Polls the slot list and teaches it to the table.</summary>
    /// <returns>Null when no list came, or the instance was retired meanwhile: a request that waits has another one to turn to.</returns>
    /// <exception cref="OperationCanceledException">The caller's own token was cancelled.</exception>
    public Task<PolledSlots?> PollAsync(CancellationToken cancellationToken)
    {
        Task<PolledSlots?> poll;
        lock (_lock)
            poll = _next ??= NextAsync(_running);
        return poll.WaitAsync(cancellationToken);
    }

    /// <summary>Learns where unpinned work that has ended had gone.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        if (table.HasUnseenResults)
            await PollAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<PolledSlots?> NextAsync(Task running)
    {
        await Task.Yield(); // the caller stores this task first
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!retired.IsCancellationRequested && IsQuiet && _last != long.MinValue
            && QuietPause - time.GetElapsedTime(_last) is var pause && pause > TimeSpan.Zero)
            await Task.Delay(pause, time, retired).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            _running = _next!;
            _next = null; // from now on callers get the poll after this one
        }

        try
        {
            return await OnceAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (retired.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<PolledSlots?> OnceAsync()
    {
        var poll = table.BeginPoll();
        var asked = Stopwatch.GetTimestamp();
        var answer = await backend.Api.GetSlotsAsync(retired).ConfigureAwait(false);
        Volatile.Write(ref _last, time.GetTimestamp());
        if (answer.Value is not { } rows)
        {
            if (answer.IsUnreachable)
                backend.Suspect($"the slot list did not come: {answer.Problem}");
            return null;
        }

        backend.Touch();
        var verdict = table.Learn(
            poll,
            [.. rows.Select(r => new SlotObservation(r.Id, r.IsProcessing, r.TaskId, r.PromptTokens))],
            IsSameProcess(answer.Connection!));
        _lastList = (answer.Connection!.Connection, asked);
        if (verdict == SlotVerdict.Restarted)
            backend.Suspect("the slot list went back to an earlier state");
        return new PolledSlots(verdict, rows);
    }

    /// <summary>Whether this list came from the process of the last one: over its connection, or over one that is older than it. A
    /// connection ends with its process, so what lies between the two lists had only one.</summary>
    private bool IsSameProcess(ConnectionUse use) =>
        _lastList.Asked > 0 && (use.Connection == _lastList.Connection || use.Established < _lastList.Asked);

    private sealed class Quiet : IDisposable
    {
        private SlotWatcher? _watcher;

        public Quiet(SlotWatcher watcher)
        {
            _watcher = watcher;
            Interlocked.Increment(ref watcher._quiet);
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _watcher, null) is { } watcher)
                Interlocked.Decrement(ref watcher._quiet);
        }
    }
}
