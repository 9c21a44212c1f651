using System.Collections.Concurrent;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Prompts;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>Those who send requests to a fleet. A request takes the steps of the request path from the routing to the
/// settlement.</summary>
internal sealed class FleetClients(Fleet fleet)
{
    private readonly Dictionary<SlotQueue, QueueAudit> _audits = [];
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<long, Entrance> _entrances = new();
    private long _entered;

    public IReadOnlyCollection<QueueAudit> Audits => _audits.Values;

    /// <summary>Those who wait for a model, and those who may use one.</summary>
    public IEnumerable<Entrance> Entrances => _entrances.Values;

    public async Task<FleetResult> RunAsync(FleetRequest request)
    {
        using var leaving = request.LeavesAfter is { } after ? new CancellationTokenSource(after, fleet.Time) : new();
        using var prompt = TestPrompts.Of(request.Text);
        try
        {
            await fleet.Router.FindOutAsync(leaving.Token).ConfigureAwait(false);
            var candidates = fleet.Router.Route(request.Model, prompt, request.Lane, weight: 1);
            for (var at = 0; at < candidates.Count; at++)
            {
                var (result, triesNext) = await TryAsync(
                    request, prompt, candidates[at].Model, at + 1 < candidates.Count, leaving.Token).ConfigureAwait(false);
                if (!triesNext)
                    return result;
                fleet.World.Add("fail-overs");
            }
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            return FleetResult.Left;
        }

        fleet.World.Violate($"model {request.Model} has no place");
        return FleetResult.Failed;
    }

    private async Task<(FleetResult Result, bool TriesNext)> TryAsync(
        FleetRequest request, CanonicalPrompt prompt, ServedModel model, bool hasNext, CancellationToken gone)
    {
        if (model.Name != request.Model && model.Backend.Name != $"pool-{request.Model}")
            fleet.World.Violate($"a request for {request.Model} went to {model.Name}");
        using var wanting = fleet.World.Want(model.Backend);
        using var entrance = Enter(model);
        await using var turn = new FleetTurn();
        var (pass, failure) = await Departing(model.EnterAsync(gone), "while a model had no room").ConfigureAwait(false);
        entrance.Entered(fleet.Time.GetTimestamp());
        if (failure is not null)
            return (FleetResult.Failed, hasNext);
        turn.Pass = pass;
        await Departing(model.PrepareAsync(gone), "while a model was loading").ConfigureAwait(false);

        var entry = new QueueEntry(request.Lane, 1, request.Client, () => model.Current.IsHot(prompt));
        turn.Lease = await AcquireAsync(model, entry, gone).ConfigureAwait(false);
        if (turn.Lease is null)
            return (FleetResult.Refused, false);
        turn.Instance = model.Current;
        turn.Placement = await turn.Instance.PlaceAsync(prompt, null, 1, request.Lane, gone).ConfigureAwait(false);
        var hasStarted = false;
        var sending = fleet.SendAsync(
            model.Backend,
            request.Text,
            turn.Placement.Slot,
            () =>
            {
                hasStarted = true;
                turn.Instance.Started(turn.Placement);
            },
            gone);
        SimulatedAnswer answer;
        try
        {
            answer = await sending.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            fleet.World.Add(hasStarted ? "left while streaming" : "left before the first byte");
            turn.Outcome = new WorkOutcome(false, hasStarted, null, hasStarted ? 1 : 0);
            throw;
        }

        model.BackOff.Record(!answer.HasStarted);
        turn.Outcome = new WorkOutcome(answer.Timings is not null, answer.HasStarted, answer.Timings, answer.HasStarted ? 1 : 0);
        return answer switch
        {
            { Timings: not null } => (FleetResult.Served, false),
            { HasStarted: true } => (FleetResult.BrokenOff, false),
            _ => (FleetResult.Failed, hasNext),
        };
    }

    private async Task<Lease?> AcquireAsync(ServedModel model, QueueEntry entry, CancellationToken gone)
    {
        QueueAudit? audit;
        lock (_lock)
        {
            if (!_audits.TryGetValue(model.Queue, out audit))
                _audits.Add(model.Queue, audit = new QueueAudit($"{model.Backend.Name}/{model.Name}"));
        }

        gone.ThrowIfCancellationRequested();
        var (waiting, grant) = audit.Ask(model.Queue, entry, fleet.Time, gone);
        try
        {
            var granted = await grant.ConfigureAwait(false);
            waiting.Number = granted.Lease?.Number;
            waiting.Ended = granted.Lease?.Granted ?? fleet.Time.GetTimestamp();
            return granted.Lease;
        }
        catch (OperationCanceledException)
        {
            waiting.Ended = fleet.Time.GetTimestamp();
            fleet.World.Add("left in the queue");
            throw;
        }
    }

    private Entrance Enter(ServedModel model)
    {
        var number = Interlocked.Increment(ref _entered);
        var name = model.Backend.Name.StartsWith("pool", StringComparison.Ordinal) ? "pool" : model.Backend.Name;
        var entrance = new Entrance(name, fleet.Time.GetTimestamp(), () => _entrances.TryRemove(number, out _));
        _entrances[number] = entrance;
        return entrance;
    }

    private async ValueTask<T> Departing<T>(ValueTask<T> waiting, string when)
    {
        try
        {
            return await waiting.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            fleet.World.Add($"left {when}");
            throw;
        }
    }

    private async ValueTask Departing(ValueTask waiting, string when) => await Departing(Void(waiting), when).ConfigureAwait(false);

    private static async ValueTask<bool> Void(ValueTask waiting)
    {
        await waiting.ConfigureAwait(false);
        return true;
    }

    /// <summary>One who waits for a model of a server, or uses it.</summary>
    internal sealed class Entrance(string server, long since, Action left) : IDisposable
    {
        public string Server => server;

        public long Since => since;

        /// <summary>When it was let through; null while it waits.</summary>
        public long? LetThrough { get; private set; }

        public void Entered(long now) => LetThrough = now;

        public void Dispose() => left();
    }
}
