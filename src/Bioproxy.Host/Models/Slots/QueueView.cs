namespace Bioproxy.Host.Models.Slots;

/// <summary>The queue at one moment.</summary>
internal readonly record struct QueueView(
    int Capacity,
    int Used,
    int InteractiveWaiting,
    int BatchWaiting,
    int WarmUpWaiting,
    int InteractiveActive,
    int BatchActive,
    int WarmUpActive)
{
    /// <summary>Waiting requests of users, without the proxy's own background work.</summary>
    public int UsersWaiting => InteractiveWaiting + BatchWaiting;
}
