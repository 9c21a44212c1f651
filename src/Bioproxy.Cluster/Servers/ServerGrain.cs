using Bioproxy.Cluster.Messages;
using Bioproxy.Cluster.Silos;
using Orleans.Concurrency;

namespace Bioproxy.Cluster.Servers;

/// <summary>Passes the calls of all proxies to this proxy's scheduling of the server. A proxy that does not have the server, or is
/// stopping, says so in every answer and leaves it to another one.</summary>
[Reentrant]
[KeepAlive]
[ServerPlacement]
[GrainType("bioproxy.server")]
internal sealed class ServerGrain(ProxySide side) : Grain, IServerGrain
{
    private readonly Guid _activation = Guid.NewGuid();
    private OwnedServer? _owned;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _owned = side.Own(this.GetPrimaryKeyString(), GrainContext);
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_owned is not null) await side.ReleaseAsync(_owned);
    }

    public async Task<ServerReply> Take(SiloAddress from, TurnRequest request)
    {
        var answer = _owned is null ? null : await _owned.TakeAsync(from, request);
        return Reply(answer);
    }

    public Task Started(Guid turn)
    {
        _owned?.Started(turn);
        return Task.CompletedTask;
    }

    public Task<ServerReply> End(Guid turn, TurnOutcome outcome)
    {
        _owned?.End(turn, outcome);
        return Task.FromResult(Reply());
    }

    public Task<ServerReply> Estimate(EstimateRequest request) => Task.FromResult(Reply(null, _owned?.Estimate(request)));

    public Task<ServerReply> Adopt(SiloAddress from, string proxy, HeldTurn[] turns)
    {
        _owned?.Adopt(from, proxy, turns);
        return Task.FromResult(Reply());
    }

    public Task<ServerReply> Ping() => Task.FromResult(Reply());

    private ServerReply Reply(TurnAnswer? answer = null, TurnEstimate? estimate = null)
    {
        var isOwner = _owned is { IsReleased: false };
        if (!isOwner) DeactivateOnIdle();
        return new ServerReply
        {
            Activation = _activation,
            Proxy = side.Proxy,
            IsOwner = isOwner,
            Answer = answer,
            Estimate = estimate,
        };
    }
}
