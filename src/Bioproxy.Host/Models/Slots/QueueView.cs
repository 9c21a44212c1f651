namespace Bioproxy.Host.Models.Slots;

/// <summary>The queue at one moment.</summary>
internal readonly record struct QueueView(
    int Capacity, int Used, int InteractiveWaiting, int BatchWaiting, int WarmUpWaiting, int InteractiveActive, int BatchActive, int WarmUpActive)
{
    /// <summary>Requests of users that wait: the proxy's own background work is not among them.</summary>
    public int UsersWaiting => InteractiveWaiting + BatchWaiting;
}
