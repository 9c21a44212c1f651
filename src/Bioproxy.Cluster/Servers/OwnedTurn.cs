using Bioproxy.Cluster.Messages;

namespace Bioproxy.Cluster.Servers;

/// <summary>A turn that waits in the queue, or has been granted.</summary>
/// <param name="From">The silo that asked. A proxy that died and came back is another silo.</param>
/// <param name="Proxy">The proxy that asked.</param>
internal sealed record OwnedTurn(SiloAddress From, string Proxy)
{
    /// <summary>Null when it ended before it was granted. Complete for a turn that another owner granted.</summary>
    public TaskCompletionSource<TurnAnswer?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends the waiting.</summary>
    public CancellationTokenSource Cancellation { get; } = new();

    /// <summary>How it ended; null while it has not.</summary>
    public TurnOutcome? Outcome { get; set; }

    public bool IsGranted { get; set; }
}
