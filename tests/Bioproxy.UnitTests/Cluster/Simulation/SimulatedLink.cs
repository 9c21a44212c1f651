using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;

namespace Bioproxy.UnitTests.Cluster.Simulation;

/// <summary>The rules of the real link (<c>ServerLink</c>) over simulated calls: asks until an owner answers or the limit is reached, tells
/// the end until an owner has it, and tells a new owner which turns it holds.</summary>
internal sealed class SimulatedLink(SimulatedCluster cluster, SimulatedProxy proxy) : IServerLink
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan OwnerLimit = TimeSpan.FromSeconds(15);

    // Turn numbers are random. Those that are sent depend on the seed.
    private readonly Dictionary<Guid, Guid> _numbers = [];
    private readonly Dictionary<Guid, HeldTurn> _held = [];
    private (SiloAddress Silo, Guid Activation)? _adopted;

    public string? Owner { get; private set; }

    public int Held => _held.Count;

    /// <summary>Ends that no owner has heard of yet.</summary>
    public int Ending { get; private set; }

    /// <summary>Which owner granted a request, by the number that stands in its expected seconds.</summary>
    public Dictionary<double, Guid> Grants { get; } = [];

    public async Task<TurnAnswer?> TakeAsync(TurnRequest request, CancellationToken cancellationToken)
    {
        var asked = new TurnRequest
        {
            Turn = _numbers[request.Turn] = cluster.NextId(),
            Proxy = request.Proxy,
            Model = request.Model,
            Lane = request.Lane,
            Weight = request.Weight,
            Client = request.Client,
            PromptSeconds = request.PromptSeconds,
            Domain = request.Domain,
            Prompt = request.Prompt,
        };
        long? failing = null;
        var isAsked = false;
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!proxy.IsJoined)
                    break;
                try
                {
                    if (failing is not null)
                        await PingAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
                    isAsked = true;
                    cluster.World.Add("takes");
                    var reply = await cluster.CallAsync(proxy, "a take", async owner =>
                        owner.Reply(await owner.Owned.TakeAsync(proxy.Silo, asked).ConfigureAwait(false)))
                        .WaitAsync(cancellationToken).ConfigureAwait(false);
                    if (reply.IsOwner)
                    {
                        Owner = reply.Proxy;
                        Keep(asked, reply);
                        if (_adopted != (proxy.Silo, reply.Activation))
                            _ = TellAsync();
                        return reply.Answer;
                    }

                    Owner = null;
                }
                catch (TimeoutException)
                {
                    Owner = null;
                }

                failing ??= cluster.World.Time.GetTimestamp();
                if (cluster.World.Time.GetElapsedTime(failing.Value) > OwnerLimit)
                    break;
                await Task.Delay(RetryPause, cluster.World.Time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            if (isAsked)
                End(request.Turn, new TurnOutcome());
            throw;
        }

        if (isAsked)
            End(request.Turn, new TurnOutcome());
        return null;
    }

    public void Started(Guid turn)
    {
        if (_numbers.TryGetValue(turn, out var number))
            _ = StartedAsync(number);
    }

    public void End(Guid turn, TurnOutcome outcome)
    {
        if (!_numbers.Remove(turn, out var number))
            return;
        _held.Remove(number);
        _ = EndAsync(number, outcome);
    }

    public ValueTask<TurnEstimate?> EstimateAsync(EstimateRequest request, CancellationToken cancellationToken) => default;

    public async Task PingAsync()
    {
        var reply = await cluster.CallAsync(proxy, "a ping", static owner => Task.FromResult(owner.Reply())).ConfigureAwait(false);
        if (!reply.IsOwner)
        {
            Owner = null;
            return;
        }

        Owner = reply.Proxy;
        if (_adopted == (proxy.Silo, reply.Activation))
            return;
        var (silo, held) = (proxy.Silo, _held.Values.ToArray());
        if (held.Length > 0)
        {
            cluster.World.Add("adoptions");
            var adopted = await cluster.CallAsync(proxy, "an adopt", owner =>
            {
                owner.Owned.Adopt(silo, proxy.Name, held);
                return Task.FromResult(owner.Reply());
            }).ConfigureAwait(false);
            if (!adopted.IsOwner || adopted.Activation != reply.Activation)
                return;
        }

        _adopted = (silo, reply.Activation);
    }

    /// <summary>Who schedules the server is not known.</summary>
    public void Forget() => Owner = null;

    private void Keep(TurnRequest request, ServerReply reply)
    {
        if (reply.Answer?.Placement is not { } placement)
            return;
        Grants[request.PromptSeconds] = reply.Activation;
        _held[request.Turn] = new HeldTurn
        {
            Turn = request.Turn,
            Model = request.Model,
            Lane = request.Lane,
            Weight = reply.Answer.Weight,
            Slot = placement.Pin,
        };
    }

    private async Task TellAsync()
    {
        try
        {
            await PingAsync().ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // the next ping tells it
        }
    }

    private async Task StartedAsync(Guid number)
    {
        try
        {
            await cluster.CallAsync(proxy, "a start", owner =>
            {
                owner.Owned.Started(number);
                return Task.FromResult(owner.Reply());
            }).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // it is told once
        }
    }

    private async Task EndAsync(Guid number, TurnOutcome outcome)
    {
        Ending++;
        while (proxy.IsAlive)
        {
            try
            {
                if (proxy.IsJoined)
                {
                    var reply = await cluster.CallAsync(proxy, "an end", owner =>
                    {
                        owner.Owned.End(number, outcome);
                        return Task.FromResult(owner.Reply());
                    }).ConfigureAwait(false);
                    if (reply.IsOwner)
                        break;
                }
            }
            catch (TimeoutException)
            {
                // it is told again
            }

            await Task.Delay(RetryPause, cluster.World.Time).ConfigureAwait(false);
        }

        Ending--;
    }
}
