using Bioproxy.Cluster;
using Bioproxy.Host.Models;

namespace Bioproxy.Host.Cluster;

/// <summary>A turn that the owner granted. It hears of the first byte and of the end.</summary>
internal sealed class RemoteTurn(IServerLink link, Guid turn, Placement placement) : IRemoteTurn
{
    private int _ended;

    public Placement Placement => placement;

    public void Started() => link.Started(turn);

    public void End(WorkOutcome outcome)
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
            link.End(turn, PlacementMessages.Of(outcome));
    }
}
