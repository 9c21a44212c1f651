using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;

namespace Bioproxy.Benchmarks.Scale;

/// <summary>The owners of the simulation are called directly; no proxy asks through its link.</summary>
internal sealed class NoLink : IServerLink
{
    public string? Owner => null;

    public Task<TurnAnswer?> TakeAsync(TurnRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public void Started(Guid turn) => throw new NotSupportedException();

    public void End(Guid turn, TurnOutcome outcome) => throw new NotSupportedException();

    public ValueTask<TurnEstimate?> EstimateAsync(EstimateRequest request, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
