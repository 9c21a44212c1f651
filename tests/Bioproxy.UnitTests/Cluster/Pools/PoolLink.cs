using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;

namespace Bioproxy.UnitTests.Cluster.Pools;

/// <summary>A link to a proxy that does not answer, until it is told what to.</summary>
internal sealed class PoolLink : IServerLink
{
    public string? Owner => null;

    public List<TurnRequest> Asked { get; } = [];

    public TurnAnswer? Grants { get; set; }

    public TurnEstimate? Estimate { get; set; }

    public async Task<TurnAnswer?> TakeAsync(TurnRequest request, CancellationToken cancellationToken)
    {
        Asked.Add(request);
        if (Grants is null)
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        return Grants;
    }

    public void Started(Guid turn)
    {
    }

    public void End(Guid turn, TurnOutcome outcome)
    {
    }

    public ValueTask<TurnEstimate?> EstimateAsync(EstimateRequest request, CancellationToken cancellationToken) => new(Estimate);
}
