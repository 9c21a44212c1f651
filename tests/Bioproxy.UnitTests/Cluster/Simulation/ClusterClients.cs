using System.Text;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;
using Bioproxy.UnitTests.Fleet;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Cluster.Simulation;

/// <summary>Those who send requests to the proxies. A request takes the steps of the request path from the queue to the
/// settlement.</summary>
internal sealed class ClusterClients(SimulatedCluster cluster)
{
    private int _requests;

    /// <summary>Requests that their clients wait for.</summary>
    public int Waiting { get; private set; }

    public int Requests => _requests;

    public string LastAbout { get; private set; } = "";

    /// <summary>Asks, and counts how it ended.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <param name="proxy">The proxy that its balancer chose.</param>
    /// <param name="leavesAfter">When its client leaves; null for one that stays.</param>
    public async Task<(FleetResult Result, int Cached)> AskAsync(Conversation conversation, SimulatedProxy proxy, TimeSpan? leavesAfter)
    {
        _requests++;
        Waiting++;
        conversation.IsAsking = true;
        try
        {
            using var leaving = leavesAfter is { } after ? new CancellationTokenSource(after, cluster.World.Time) : new();
            var serving = ServeAsync(conversation, proxy, leaving.Token);
            var died = new TaskCompletionSource();
            using var dying = proxy.Died.UnsafeRegister(static died => ((TaskCompletionSource)died!).TrySetResult(), died);
            var isServed = await Task.WhenAny(serving, died.Task).ConfigureAwait(false) == serving;
            var (result, cached) = isServed ? await serving.ConfigureAwait(false) : (FleetResult.BrokenOff, 0);
            if (result == FleetResult.Served)
                conversation.Continue();
            cluster.World.Add($"requests {result}");
            return (result, cached);
        }
        finally
        {
            conversation.IsAsking = false;
            Waiting--;
        }
    }

    private async Task<(FleetResult Result, int Cached)> ServeAsync(Conversation conversation, SimulatedProxy proxy, CancellationToken gone)
    {
        var turn = new ModelTurn();
        var outcome = default(WorkOutcome);
        var number = _requests * 1e-6;
        using var prompt = TestPrompts.Of(conversation.Text, conversation.Domain);
        try
        {
            Placement placement;
            do
            {
                await turn.EndAsync(default, Bug).ConfigureAwait(false);
                var (pass, _) = await proxy.Model.EnterLoadedAsync(gone).ConfigureAwait(false);
                turn.Enter(pass);
                var entry = new QueueEntry(Lane.Interactive, 1, (ulong)(_requests % 4), () => proxy.Model.Current.IsHot(prompt))
                {
                    PromptSeconds = number,
                    Prompt = prompt,
                    Domain = conversation.Domain,
                };
                var grant = await proxy.Model.AcquireAsync(entry, gone).ConfigureAwait(false);
                if (grant.Lease is not { } lease)
                    return (FleetResult.Refused, 0);
                turn.Begin(proxy.Model.Current, lease);
                placement = await turn.PlaceAsync(prompt, conversation.Domain, gone).ConfigureAwait(false);
            }
            while (turn.IsOutlived(proxy.Model));

            Guid? owner = placement.IsRemote ? proxy.Link.Grants[number] : placement.IsManaged ? proxy.Owned!.Id : null;
            cluster.World.Add(placement.IsRemote ? "placed by another proxy" : placement.IsManaged ? "placed here" : "placed by nobody");
            var request = new ServerRequest(
                Encoding.Latin1.GetString(prompt.Text), conversation.Domain, placement.Slot, !placement.ForbidsReuse, owner)
            {
                About = $"{cluster.World.Time.GetUtcNow():mm:ss.fff} {placement.Plan.Source} {placement.Slot} {placement.Plan.IsPartial}"
                    + $" by {owner?.ToString()[..8]} of "
                    + string.Join(' ', cluster.Owners.Select(static one => one.Id.ToString()[..8])),
            };
            LastAbout = $"{request.About} forbids {placement.ForbidsReuse} of {string.Join(';', placement.Plan.Considered ?? [])}";
            var answer = await SendAsync(request, turn, proxy, gone).ConfigureAwait(false);
            var hasStarted = answer.HasStarted;
            outcome = new WorkOutcome(answer.Timings is not null, hasStarted, answer.Timings, hasStarted ? 1 : 0);
            return (answer.Timings is not null ? FleetResult.Served : hasStarted ? FleetResult.BrokenOff : FleetResult.Failed,
                answer.Timings?.CachedTokens ?? 0);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            return (FleetResult.Left, 0);
        }
        catch (ClientLeftException left)
        {
            outcome = new WorkOutcome(false, left.HasStarted, null, left.HasStarted ? 1 : 0);
            return (FleetResult.Left, 0);
        }
        finally
        {
            await turn.EndAsync(outcome, Bug).ConfigureAwait(false);
        }
    }

    /// <summary>On its way it takes a moment. The server sees the proxy's death as that of its client.</summary>
    private async Task<SimulatedAnswer> SendAsync(ServerRequest request, ModelTurn turn, SimulatedProxy proxy, CancellationToken gone)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(gone, proxy.Died, proxy.LeftSilo);
        using var unheld = either.Token.UnsafeRegister(static one => ((ServerRequest)one!).IsHeld = false, request);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(gone, proxy.Died);
        var hasStarted = false;
        try
        {
            await Task.Delay(cluster.World.Milliseconds(0, 3), cluster.World.Time, leaving.Token).ConfigureAwait(false);
            return await cluster.Server.RunAsync(
                request,
                () =>
                {
                    hasStarted = true;
                    turn.Started();
                },
                leaving.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw new ClientLeftException(hasStarted);
        }
    }

    private void Bug(Exception error) => cluster.World.Violate($"settling failed: {error}");

    private sealed class ClientLeftException(bool hasStarted) : Exception
    {
        public bool HasStarted => hasStarted;
    }
}
