using Bioproxy.Cluster.Messages;

namespace Bioproxy.Cluster;

/// <summary>The way to the proxy that schedules a server. Where that cannot be reached, nothing throws: the caller serves the request
/// without a placement.</summary>
internal interface IServerLink
{
    /// <summary>The name of the proxy that schedules it; null while that is not known.</summary>
    string? Owner { get; }

    /// <summary>Waits in the owner's queue. An owner that dies meanwhile is followed by the next one, which is asked the same.</summary>
    /// <returns>Null when no owner could be reached: this proxy is alone, or none was found within the limit.</returns>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    Task<TurnAnswer?> TakeAsync(TurnRequest request, CancellationToken cancellationToken);

    /// <summary>The server's first byte came. Returns at once.</summary>
    void Started(Guid turn);

    /// <summary>The turn has ended. Returns at once; told until the owner has it, or has been replaced.</summary>
    void End(Guid turn, TurnOutcome outcome);

    /// <returns>Null when the owner did not answer soon.</returns>
    ValueTask<TurnEstimate?> EstimateAsync(EstimateRequest request, CancellationToken cancellationToken);
}
