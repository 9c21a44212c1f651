using Bioproxy.Cluster.Messages;

namespace Bioproxy.Cluster;

/// <summary>The scheduling of one server, in the proxy that owns it. All calls may come at the same time. Disposing it gives the server
/// up: another proxy may schedule it from then on.</summary>
internal interface IServerOwner : IAsyncDisposable
{
    /// <summary>Waits in the queue, then places the prompt.</summary>
    /// <exception cref="OperationCanceledException">The client left: nothing is left behind.</exception>
    Task<TurnAnswer> TakeAsync(TurnRequest request, CancellationToken cancellationToken);

    /// <summary>The server's first byte came. A turn that is not known is ignored.</summary>
    void Started(Guid turn);

    /// <summary>Settles a turn and gives its lease back, in the background. A turn that is not known is ignored: it has ended
    /// already.</summary>
    void End(Guid turn, TurnOutcome outcome);

    /// <summary>What a prompt would meet now.</summary>
    TurnEstimate Estimate(EstimateRequest request);

    /// <summary>A proxy holds turns that an earlier owner granted: they count in the queue, and their slots are taken, until they
    /// end.</summary>
    void Adopt(string proxy, IReadOnlyList<HeldTurn> turns);

    /// <summary>A proxy is dead: its turns end as if their clients had left; each lease comes back when its slot is really idle.</summary>
    void Lost(string proxy);
}
