using Bioproxy.Cluster;
using Bioproxy.Host.Models;

namespace Bioproxy.Host.Cluster;

/// <summary>A turn that the owner granted. It hears of the end, and of the first byte where the turn lasts: that tells it how to read a
/// slot list meanwhile, and knowing it later is only more cautious.</summary>
internal sealed class RemoteTurn(IServerLink link, Guid turn, Placement placement, TimeProvider time) : IRemoteTurn
{
    /// <summary>Far below the time between two polls of the slot list.</summary>
    private static readonly TimeSpan ShortTurn = TimeSpan.FromMilliseconds(50);

    private ITimer? _saying;
    private int _ended;

    public Placement Placement => placement;

    public void Started() => _saying = time.CreateTimer(
        static state => ((RemoteTurn)state!).SayStarted(), this, ShortTurn, Timeout.InfiniteTimeSpan);

    public void End(WorkOutcome outcome)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return;
        _saying?.Dispose();
        link.End(turn, PlacementMessages.Of(outcome));
    }

    private void SayStarted()
    {
        if (Volatile.Read(ref _ended) == 0)
            link.Started(turn);
    }
}
