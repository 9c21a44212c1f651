namespace Bioproxy.Host.Slots;

/// <summary>The queue at one moment.</summary>
internal readonly record struct QueueView(
    int Capacity, int Used, int InteractiveWaiting, int BatchWaiting, int WarmUpWaiting, int InteractiveActive, int BatchActive, int WarmUpActive);
