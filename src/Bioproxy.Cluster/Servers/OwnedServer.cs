using Bioproxy.Cluster.Messages;

namespace Bioproxy.Cluster.Servers;

/// <summary>A server that this proxy schedules, and who asked for which of its turns: an answer may get lost, a call may come twice or
/// late, a proxy may die. Safe for threads.</summary>
internal sealed class OwnedServer(string name, IServerOwner owner) : IAsyncDisposable
{
    private const int EndedLimit = 4096;

    /// <summary>Bytes. Reading and placing so much takes some 30 µs.</summary>
    private const int ShortPrompt = 16 * 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, OwnedTurn> _turns = [];
    private readonly HashSet<Guid> _ended = [];
    private readonly Queue<Guid> _endedInOrder = [];

    public string Name => name;

    /// <summary>Another proxy schedules it from now on.</summary>
    public bool IsReleased { get; private set; }

    /// <returns>Null when the turn has ended meanwhile, or the server was released.</returns>
    public async Task<TurnAnswer?> TakeAsync(SiloAddress from, TurnRequest request)
    {
        OwnedTurn? turn;
        var isNew = false;
        lock (_gate)
        {
            if (IsReleased || _ended.Contains(request.Turn)) return null;
            if (!_turns.TryGetValue(request.Turn, out turn))
            {
                turn = _turns[request.Turn] = new OwnedTurn(from, request.Proxy);
                isNew = true;
            }
        }

        // Placing a long prompt takes time: on threads of the pool, so that several can be placed at once. A short one is placed sooner
        // than a thread is woken.
        if (isNew)
        {
            if (request.Prompt is not { Length: <= ShortPrompt }) _ = Task.Run(() => WaitAsync(turn, request));
            else _ = WaitAsync(turn, request);
        }

        return await turn.Answer.Task;
    }

    public void Started(Guid turn) => owner.Started(turn);

    public void End(Guid turn, TurnOutcome outcome)
    {
        if (Remove(turn, outcome)) owner.End(turn, outcome);
    }

    public TurnEstimate Estimate(EstimateRequest request) => owner.Estimate(request);

    /// <summary>Takes over the turns that it does not know.</summary>
    public void Adopt(SiloAddress from, string proxy, HeldTurn[] held)
    {
        var unknown = new List<HeldTurn>(held.Length);
        lock (_gate)
        {
            if (IsReleased) return;
            foreach (var turn in held)
            {
                if (_ended.Contains(turn.Turn)) continue;
                var adopted = new OwnedTurn(from, proxy) { IsGranted = true };
                adopted.Answer.SetResult(null);
                if (_turns.TryAdd(turn.Turn, adopted)) unknown.Add(turn);
            }
        }

        if (unknown.Count > 0) owner.Adopt(proxy, unknown);
    }

    /// <summary>A silo is dead: what its proxy waited for and what it held ends.</summary>
    public void Lost(SiloAddress silo, string proxy)
    {
        List<(Guid Turn, bool IsGranted)> ended;
        bool isBack;
        lock (_gate)
        {
            ended = [.. _turns.Where(turn => turn.Value.From.Equals(silo)).Select(turn => (turn.Key, turn.Value.IsGranted))];
            isBack = _turns.Values.Any(turn => turn.Proxy == proxy && !turn.From.Equals(silo));
        }

        var outcome = new TurnOutcome();
        foreach (var (turn, isGranted) in ended)
        {
            // A proxy that is back already keeps the turns that it took since.
            if (Remove(turn, outcome) && isBack && isGranted) owner.End(turn, outcome);
        }

        if (!isBack) owner.Lost(proxy);
    }

    public async ValueTask DisposeAsync()
    {
        List<OwnedTurn> waiting;
        lock (_gate)
        {
            if (IsReleased) return;
            IsReleased = true;
            waiting = [.. _turns.Values.Where(static turn => !turn.IsGranted)];
            foreach (var turn in waiting) turn.Outcome = new TurnOutcome();
            _turns.Clear();
        }

        foreach (var turn in waiting)
        {
            turn.Answer.TrySetResult(null);
            await turn.Cancellation.CancelAsync();
        }

        await owner.DisposeAsync();
    }

    private async Task WaitAsync(OwnedTurn turn, TurnRequest request)
    {
        TurnAnswer? answer = null;
        try
        {
            answer = await owner.TakeAsync(request, turn.Cancellation.Token);
        }
        catch (OperationCanceledException) when (turn.Cancellation.IsCancellationRequested)
        {
            // It ended while it waited.
        }
        catch (Exception error)
        {
            lock (_gate) _turns.Remove(request.Turn);
            turn.Answer.TrySetException(error);
            return;
        }

        bool hasEnded;
        lock (_gate)
        {
            hasEnded = turn.Outcome is not null;
            if (answer?.Placement is null) _turns.Remove(request.Turn);
            else turn.IsGranted = true;
        }

        if (hasEnded && answer?.Placement is not null) owner.End(request.Turn, turn.Outcome!);
        turn.Answer.TrySetResult(hasEnded ? null : answer);
    }

    /// <returns>True when it was granted (the owner has to know), or is not known here.</returns>
    private bool Remove(Guid id, TurnOutcome outcome)
    {
        OwnedTurn? turn;
        bool isWaiting;
        lock (_gate)
        {
            if (_ended.Add(id)) _endedInOrder.Enqueue(id);
            if (_endedInOrder.Count > EndedLimit) _ended.Remove(_endedInOrder.Dequeue());
            _turns.Remove(id, out turn);
            isWaiting = turn is { IsGranted: false };
            if (turn is not null) turn.Outcome = outcome;
        }

        if (!isWaiting) return true;
        turn!.Answer.TrySetResult(null);
        turn.Cancellation.Cancel();
        return false;
    }
}
