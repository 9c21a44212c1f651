using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;

namespace Bioproxy.UnitTests.Cluster;

/// <summary>A link that calls the owner in the same process, or finds none.</summary>
internal sealed class DirectLink : IServerLink
{
    public IServerOwner? Target { get; set; }

    public string? Owner => Target is null ? null : "10.0.0.1:11111";

    /// <summary>The turns that ended, in order.</summary>
    public List<Guid> Ended { get; } = [];

    public async Task<TurnAnswer?> TakeAsync(TurnRequest request, CancellationToken cancellationToken) =>
        Target is { } owner ? await owner.TakeAsync(request, cancellationToken) : null;

    public void Started(Guid turn) => Target?.Started(turn);

    public void End(Guid turn, TurnOutcome outcome)
    {
        Ended.Add(turn);
        Target?.End(turn, outcome);
    }

    public ValueTask<TurnEstimate?> EstimateAsync(EstimateRequest request, CancellationToken cancellationToken) =>
        new(Target?.Estimate(request));
}
