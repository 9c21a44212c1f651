using System.Collections.Concurrent;
using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Doubles;

namespace Bioproxy.ClusterProcess;

/// <summary>One slot, first come first served.</summary>
internal sealed class FakeServerOwner(string proxy, string server, LogTail events, Action<FakeServerOwner> onReleased) : IServerOwner
{
    private readonly SemaphoreSlim _slot = new(1);
    private int _waiting;

    /// <summary>The turns that hold a slot, and the proxies that they belong to.</summary>
    public ConcurrentDictionary<Guid, string> Held { get; } = new();

    public int Waiting => _waiting;

    public async Task<TurnAnswer> TakeAsync(TurnRequest request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _waiting);
        events.Add($"{proxy} asked for {server} {request.Turn}");
        try
        {
            await _slot.WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        Held[request.Turn] = request.Proxy;
        events.Add($"{proxy} granted {server} {request.Turn}");
        return new TurnAnswer { Placement = new PlacementMessage { IsManaged = true, Pin = 0, Slot = 0 }, Weight = request.Weight };
    }

    public void Started(Guid turn) => events.Add($"{proxy} heard the start of {turn}");

    public void End(Guid turn, TurnOutcome outcome)
    {
        if (!Held.TryRemove(turn, out _)) return;
        events.Add($"{proxy} ended {turn} {(outcome.IsComplete ? "complete" : "incomplete")}");
        _slot.Release();
    }

    public TurnEstimate Estimate(EstimateRequest request) => new(_waiting, 0, 0, 0, Held.Count, false, true);

    public void Adopt(string from, IReadOnlyList<HeldTurn> turns)
    {
        foreach (var turn in turns)
        {
            Held[turn.Turn] = from;
            events.Add($"{proxy} adopted {turn.Turn} of {from}");

            // The slot is taken already: whoever was granted it meanwhile would find it busy.
            _slot.Wait(0);
        }
    }

    public void Lost(string from)
    {
        foreach (var (turn, _) in Held.Where(held => held.Value == from).ToArray()) End(turn, new TurnOutcome());
        events.Add($"{proxy} lost {from} at {server}");
    }

    public ValueTask DisposeAsync()
    {
        onReleased(this);
        events.Add($"{proxy} released {server}");
        return ValueTask.CompletedTask;
    }
}
